"""Real dispatchers and workers, ended, killed and frozen at any moment (docs/design.md, the promise)."""

import signal

import pytest
from accounting import assert_every_row_accounted_for
from supervisor import Processes, end
from waiting import wait_until
from world import World, contacts_csv, many_contacts

from importer.control import imports
from importer.queue import keys, queues

pytestmark = pytest.mark.faults

TINY_SLICES = {"SLICE_SECONDS": "0.3", "MAX_QUEUED_ROWS": "2000", "BATCH_SECONDS": "0.1"}


def many_deposits(rows: int, act: str = "") -> tuple[str, dict[str, int]]:
    """A file of deposits, each to an account of its own so that batches do not wait for each other's locks."""
    balances = {f"o{number}": number for number in range(rows)}
    return "owner,amount,act\n" + "".join(f"{owner},{n},{act}\n" for owner, n in balances.items()), balances


def wait_for_progress(world: World, import_id: str, rows: int) -> None:
    reached = world.find(import_id).ended_rows + rows
    wait_until(
        lambda: world.find(import_id).ended_rows >= reached or world.status(import_id) == "completed", "progress"
    )


def test_the_last_row_of_each_key_wins_with_four_workers(world: World, processes: Processes):
    csv, records = many_contacts(6000, keys=40)
    for _ in range(4):
        processes.worker(BATCH_SECONDS="0.05")
    processes.dispatcher()
    import_id = world.upload(csv)
    world.wait_for(import_id, "completed")
    wait_until(
        lambda: world.find(import_id).cleaned_at and not world.started.get_job_ids(cleanup=False), "it is clean"
    )
    assert_every_row_accounted_for(world, import_id, records, rows=6000)


def test_an_import_is_paused_before_more_rows_fail_than_were_queued_at_its_limit(
    world: World, processes: Processes
):
    most = {"MAX_FAILED_ROWS": "1000", "MAX_QUEUED_ROWS": "1000"}
    world.services.settings = world.services.settings.model_copy(update={"max_failed_rows": 1000})
    import_id = world.upload(contacts_csv([(f"nonsense {n}", "x") for n in range(30_000)]))
    programs = [processes.dispatcher(**most), *(processes.worker(**most) for _ in range(3))]
    failed = 0
    for _ in range(4):
        world.wait_for(import_id, "paused")
        before, failed = failed, world.find(import_id).failed_rows
        assert before + 1000 < failed <= before + 2000
        world.verb(imports.resume, import_id)
    world.verb(imports.cancel, import_id)
    assert [end(program) for program in programs] == [0] * 4
    assert len(world.failed_rows(import_id)) == len(world.ledger(import_id)) == world.find(import_id).failed_rows


def test_sigterm_ends_every_process_within_10_seconds_and_loses_nothing(world: World, processes: Processes):
    csv, balances = many_deposits(900, "sleep 0.002")
    import_id = world.upload(csv, "deposits")
    programs = [processes.dispatcher(**TINY_SLICES), processes.worker(), processes.worker()]
    wait_for_progress(world, import_id, 100)
    assert [end(program) for program in programs] == [0, 0, 0]
    assert not world.redis.zcard(keys.CLAIMS)
    assert world.find(import_id).ended_rows < 900
    assert not queues.living_workers(world.redis, queues.LOW)
    processes.dispatcher()
    processes.worker()
    processes.worker()
    world.wait_for(import_id, "completed")
    assert world.balances() == balances
    wait_until(lambda: world.find(import_id).cleaned_at, "it is clean")
    assert_every_row_accounted_for(world, import_id, None, rows=900)


def test_one_database_connection_is_enough_for_a_process(world: World, processes: Processes):
    csv, balances = many_deposits(600, "sleep 0.002")
    import_id = world.upload(csv, "deposits")
    killed = processes.worker(JOBS_POOL_SIZE="1")
    processes.dispatcher(JOBS_POOL_SIZE="1", SLICE_SECONDS="0.1")
    wait_for_progress(world, import_id, 100)
    killed.kill()
    world.release_recovery()
    world.let_leases_lapse()
    survivor = processes.worker(JOBS_POOL_SIZE="1")
    world.wait_for(import_id, "completed")
    assert world.balances() == balances
    assert "put off" not in survivor.log_tail(100)  # it never waited for a second connection


def test_an_idle_process_that_is_asked_to_stop_leaves_at_once(world: World, processes: Processes):
    programs = [processes.dispatcher(), processes.worker()]
    for queue in (queues.HIGH, queues.LOW):
        wait_until(lambda queue=queue: queues.living_workers(world.redis, queue), "it is registered")
    assert [end(program) for program in programs] == [0, 0]


def test_within_30_seconds_an_idle_worker_makes_good_a_kill_of_everything_else(world: World, processes: Processes):
    """No lease is helped to lapse here: this is how long it takes."""
    csv, balances = many_deposits(600, "sleep 0.005")
    import_id = world.upload(csv, "deposits")
    dispatcher = processes.dispatcher(SLICE_SECONDS="8", MAX_QUEUED_ROWS="200")
    killed, frozen = processes.worker(), processes.worker()
    wait_until(lambda: world.redis.zcard(keys.CLAIMS) == 2, "both are at work")
    killed.kill()
    dispatcher.kill()
    frozen.send(signal.SIGSTOP)
    ended = world.find(import_id).ended_rows
    assert ended < 600
    processes.worker()
    processes.dispatcher()
    wait_until(lambda: world.find(import_id).total_rows, "it is read to its end", seconds=30)
    world.wait_for(import_id, "completed", seconds=30)
    frozen.send(signal.SIGCONT)
    wait_until(lambda: "put off" in frozen.log_tail() or not world.redis.zcard(keys.CLAIMS), "the frozen one woke")
    assert end(frozen) == 0
    assert world.balances() == balances
    wait_until(lambda: world.find(import_id).cleaned_at, "it is clean")
    assert_every_row_accounted_for(world, import_id, None, rows=600)


def test_a_process_without_its_settings_says_which_and_does_not_start(processes: Processes):
    program = processes.worker(SECRET_KEY="", S3_BUCKET="")
    wait_until(lambda: not program.running, "it has ended")
    assert program.status == 1
    assert "SECRET_KEY is not set" in program.log_tail()
    assert "S3_BUCKET is not set" in program.log_tail()
