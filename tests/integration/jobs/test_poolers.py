"""Behind PgBouncer, where each transaction may get another connection to Postgres."""

import time

import neighbours
import pooler
import pytest
from accounting import assert_as_undisturbed
from deployment import CHECKOUT, Deployment, finished
from samples import deposits, people
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from supervisor import Crew
from waiting import wait_until

from embedded.application import Application
from embedded.visitor import Visitor
from importer import transactions
from importer.connections import engine_options
from importer.control import imports, retries
from importer.statuses import Status

EMAIL = "ann@example.com"
SETTINGS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "search_path")

INDEX = """\
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY accounts_by_tags ON accounts (tags)")
"""


@pytest.fixture(scope="module")
def pgbouncer(servers, open_folder):
    if pooler.PROGRAM is None:
        pytest.skip("NO TEST OF POOLERS WAS RUN: there is no PgBouncer here; on Debian: apt-get install pgbouncer")
    running = pooler.PgBouncer(open_folder / "pgbouncer", servers.postgres.port, pool_size=3)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def environment(environment, pgbouncer):
    """The environment of a dispatcher or worker that reaches Postgres through the pooler."""
    return {**environment, "DATABASE_URL": pgbouncer.url_of(environment["DATABASE_URL"])}


def test_imports_end_right_with_retries_a_pause_and_more_processes_than_connections(world, processes):
    samples = {
        world.upload(sample.csv, sample.record_type): sample for sample in (deposits(900), people(2000, 300))
    }
    crew = Crew(processes, dispatchers=1, workers=3, BATCH_SECONDS="0.1", SLICE_SECONDS="0.5", QUEUED_SECONDS="1")
    paused = next(iter(samples))
    crew.wait_until(lambda: world.find(paused).ended_rows, "rows have ended")
    world.verb(imports.pause, paused)
    crew.wait_until(lambda: world.status(paused) == Status.PAUSED, "the import is paused")
    world.verb(imports.resume, paused)
    crew.wait_until(lambda: all(world.status(id_) == Status.COMPLETED for id_ in samples), "all are completed")
    for import_id in samples:
        assert world.verb(retries.retry, import_id) == len(samples[import_id].failed)
    crew.wait_until(lambda: not any(map(world.retrying, samples)), "every retry has ended")
    assert {row.attempts for id_ in samples for row in world.failed_rows(id_).values()} == {2}
    crew.wait_until(lambda: all(map(world.is_cleaned, samples)), "everything is clean")
    crew.stop()
    assert crew.restarts == 0
    assert_as_undisturbed(world, samples)


def test_the_whole_product_is_installed_and_run_through_it(servers, database_url, pgbouncer, tmp_path):
    settings = {**servers.environment(), "DATABASE_URL": pgbouncer.url_of(database_url), "SECRET_KEY": "s" * 40}
    application = Application(CHECKOUT, tmp_path / "processes.log", {**settings, "DATABASE_SCHEMA": "bulk"})
    application.migrate()
    application.make_admin(EMAIL)
    file = tmp_path / "contacts.csv"
    sample = people(1000, keys=100)
    file.write_text(sample.csv)
    try:
        application.start()
        visitor = Visitor(application.base_url)
        visitor.open(application.login_link(EMAIL))
        import_id = visitor.upload(file, "contacts")["id"]
        wait_until(lambda: visitor.import_state(import_id)["status"] == "completed", "the import is completed")
        assert visitor.import_state(import_id)["failed_rows"] == 20
    finally:
        application.stop()
    assert neighbours.look(database_url, "SELECT count(*) FROM bulk.contacts") == len(sample.records)


def seen(world) -> list[str]:
    with world.services.engine.connect() as connection:
        return [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in SETTINGS]


def test_every_transaction_has_its_time_limits_and_leaves_none_to_the_next(world, environment):
    for _ in range(20):
        assert seen(world) == ["15s", "10s", "15s", 'public, "$user", public']
        for name, value in zip(SETTINGS, ("0", "0", "0", '"$user", public'), strict=True):
            assert neighbours.look(environment["DATABASE_URL"], f"SHOW {name}") == value


@pytest.fixture
def hasty(world, environment):
    """Transactions of limits that a test can wait for."""
    url = environment["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg2:")
    engine = create_engine(url, **engine_options(pool_size=2, name="hasty"))
    transactions.set_up(engine, "public", transactions.Limits(statement=2, lock=1, idle=1))
    yield engine
    engine.dispose()


def test_a_client_that_froze_in_its_transaction_keeps_no_lock(world, hasty):
    with hasty.connect() as frozen:
        frozen.exec_driver_sql("LOCK TABLE contacts")
        began = time.monotonic()
        world.execute("DELETE FROM contacts")  # waits until the frozen transaction has been ended
        assert 0.5 < time.monotonic() - began < 8
        with pytest.raises(OperationalError):
            frozen.exec_driver_sql("SELECT 1")


def test_a_statement_that_takes_long_or_waits_long_for_a_lock_is_ended(world, hasty):
    with hasty.begin() as connection, pytest.raises(OperationalError, match="statement timeout"):
        connection.exec_driver_sql("SELECT pg_sleep(20)")
    with world.services.engine.begin() as holder:
        holder.execute(text("LOCK TABLE contacts"))
        with hasty.begin() as connection, pytest.raises(OperationalError, match="lock timeout"):
            connection.exec_driver_sql("DELETE FROM contacts")


@pytest.fixture
def deployment(servers, database_url, pgbouncer, tmp_path):
    made = Deployment(tmp_path, {**servers.environment(), "DATABASE_URL": pgbouncer.url_of(database_url)})
    yield made
    made.engine.dispose()


def test_migrations_are_applied_through_it_but_for_those_that_leave_their_transaction(
    servers, deployment, database_url
):
    for process in [deployment.begin_db("upgrade") for _ in range(2)]:
        finished(process)
    deployment.db("migrate", "-m", "accounts")
    deployment.db("upgrade")
    deployment.db("revision", "-m", "index")
    *_, revision = deployment.revisions
    revision.write_text(revision.read_text().replace("    pass\n", INDEX, 1))
    process = deployment.begin_db("upgrade")
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Set DATABASE_URL to the address of Postgres itself for this command." in printed
    direct = Deployment(deployment.folder, {**servers.environment(), "DATABASE_URL": database_url})
    direct.db("upgrade")
    direct.engine.dispose()
    made = "SELECT count(*) FROM pg_indexes WHERE indexname = 'accounts_by_tags'"
    assert neighbours.look(database_url, made) == 1
