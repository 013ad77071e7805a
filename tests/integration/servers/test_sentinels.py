"""A Redis with sentinels: every process finds the primary, also the next one, in the middle of an import."""

import pytest
from accounting import assert_as_undisturbed
from samples import people
from sentinels import Sentinel, replica_of
from waiting import wait_until

from embedded.valkey import Valkey
from importer.app import create_app
from importer.config import Settings
from importer.health.checks import Examination
from importer.queue import queues

SETTINGS = {"SLICE_SECONDS": "0.5", "MAX_QUEUED_ROWS": "500", "BATCH_SECONDS": "0.1"}


@pytest.fixture
def watched(open_folder):
    """Sentinel, primary and replica."""
    primary = Valkey(open_folder / "primary", **{"repl-diskless-sync-delay": "0"})
    replica = replica_of(primary, open_folder / "replica")
    sentinel = Sentinel(open_folder / "sentinel", primary)
    servers = (primary, replica, sentinel)
    try:
        for server in servers:
            server.start()
        wait_until(sentinel.knows_replica, "the sentinel knows the replica", seconds=30)
        yield sentinel, primary, replica
    finally:
        for server in servers:
            server.kill()


@pytest.fixture
def environment(environment, watched):
    return {**environment, "REDIS_URL": watched[0].url}


def test_a_failover_in_the_middle_of_an_import_loses_and_repeats_no_row(world, processes, environment, watched):
    sentinel, primary, replica = watched
    sample = people(20_000, keys=500)
    import_id = world.upload(sample.csv)
    programs = [processes.dispatcher(**SETTINGS), *(processes.worker(**SETTINGS) for _ in range(2))]
    wait_until(lambda: world.find(import_id).ended_rows > 1000, "it is running")
    primary.kill()
    assert world.status(import_id) == "running"
    ended = world.find(import_id).ended_rows
    wait_until(
        lambda: world.find(import_id).ended_rows > ended + 600, "rows of a later claim have ended", seconds=15
    )
    world.wait_for(import_id, "completed", seconds=60)
    assert sentinel.primary_port() == replica.port
    assert all(program.running for program in programs)
    wait_until(
        lambda: world.is_cleaned(import_id) and not queues.queued_rows(world.redis, import_id), "it is clean"
    )
    assert_as_undisturbed(world, {import_id: sample})
    wait_until(lambda: queues.living_workers(world.redis, queues.LOW) == 2, "the workers are registered again")
    app = create_app(Settings.from_environment(environment))
    assert Examination(app.extensions["importer"], ("redis", "worker", "dispatcher")).findings() == []
    assert app.redis_conn is app.extensions["importer"].redis


def test_a_name_that_no_sentinel_knows_is_told(environment):
    settings = Settings.from_environment({**environment, "REDIS_URL": environment["REDIS_URL"] + "-other"})
    (finding,) = Examination(create_app(settings).extensions["importer"], ("redis",)).findings()
    assert "No sentinel of Redis knows a primary of that name" in finding.message
