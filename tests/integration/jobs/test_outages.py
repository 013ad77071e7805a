"""Errors that are nobody's fault fail no row; those of the schema pause the import (docs/design.md, rule 14)."""

import io
import threading
import time
from types import SimpleNamespace

import own_types
import pytest
from accounting import assert_every_row_accounted_for
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from waiting import wait_until
from world import contacts, contacts_csv, many_contacts

from importer.control import imports, retries
from importer.queue import keys
from importer.record_types import copying
from jobs.rows import worker

KILL_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(worker, "MAX_BACKOFF_SECONDS", 0.1)


@pytest.fixture
def session_options(world):
    """Options that every transaction of the workers begins with."""

    def give(**options: str) -> None:
        @event.listens_for(world.services.engine, "begin")
        def set_options(connection):
            for name, value in options.items():
                connection.exec_driver_sql(f"SET LOCAL {name} = {value}")

    return give


def in_thread(work) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_row_that_somebody_else_has_locked_waits(world, session_options):
    world.import_file(contacts_csv([("a@example.com", "old")]))
    import_id = world.upload(contacts_csv([("a@example.com", "new"), ("b@example.com", "Bob")]))
    world.dispatch()
    session_options(lock_timeout="50")
    with world.services.engine.connect() as other:
        other.execute(text("UPDATE contacts SET name = 'mine'"))
        row_worker = worker.RowWorker(world.services)
        row_worker._work_off(row_worker._claims.take(limit=10))
        assert world.counts(import_id) == {}
        assert world.queued_rows() == [1, 2]
    world.work()
    records = contacts({"a@example.com": "new", "b@example.com": "Bob"})
    assert_every_row_accounted_for(world, import_id, records, rows=2)


@pytest.mark.parametrize("table", ["ledger", "contacts"])
def test_a_session_that_the_server_ends_costs_no_row(world, table):
    csv, records = many_contacts(300)
    world.import_file(csv)
    import_id = world.upload(csv)
    world.dispatch()
    killed = []

    @event.listens_for(world.services.engine, "before_cursor_execute")
    def kill_now_and_then(connection, cursor, statement, *others):
        if f"INSERT INTO {table}" in statement and len(killed) < 5:
            killed.append(1)
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    world.work()
    assert len(killed) == 5
    assert_every_row_accounted_for(world, import_id, records, rows=300)


def test_a_session_that_the_server_ends_within_a_copy_costs_no_row(world, monkeypatch):
    csv, records = many_contacts(300)
    import_id = world.upload(csv)
    world.dispatch()
    killed = []

    def open_lines(lines):
        if len(killed) < 5:
            killed.append(1)
            world.execute(KILL_OTHERS)
        return io.BytesIO(lines)

    monkeypatch.setattr(copying, "io", SimpleNamespace(BytesIO=open_lines))
    world.work()
    assert len(killed) == 5
    assert_every_row_accounted_for(world, import_id, records, rows=300)


@pytest.mark.parametrize("act", ["query 20", "sleep 20"])
def test_a_session_that_the_server_ends_within_save_row_costs_no_row(world, monkeypatch, act):
    import_id = world.upload(f"owner,amount,act\nann,1,\nbob,2,{act}\ncy,3,\n", "deposits")
    world.dispatch()
    killed = threading.Event()

    def kill() -> None:
        wait_until(lambda: world.redis.zcard(keys.CLAIMS), "a batch is at work")
        time.sleep(0.3)
        world.execute(KILL_OTHERS)
        killed.set()

    monkeypatch.setattr(own_types, "wait", lambda seconds: killed.wait(10))
    thread = in_thread(kill)
    row_worker = worker.RowWorker(world.services)
    row_worker._work_off(row_worker._claims.take(limit=10))
    thread.join()
    assert (world.status(import_id), world.codes(import_id)) == ("running", {})
    assert world.queued_rows() == [1, 2, 3]
    assert world.balances() == {}


def test_a_statement_that_takes_too_long_is_tried_again_row_by_row(world, session_options):
    session_options(statement_timeout="100")
    import_id = world.upload("owner,amount,act\nann,1,\nbob,2,query 0.3\ncy,3,\n", "deposits")
    world.dispatch()
    for _ in range(6):
        world.work()
        world.recover()
    paused = world.find(import_id)
    assert (paused.status, paused.reason_code) == ("paused", "record_type_broken")
    assert "row 2 (line 3) always takes too long" in paused.reason
    session_options(statement_timeout="5000")
    world.verb(imports.resume, import_id)
    world.run()
    assert world.balances() == {"ann": 1, "bob": 2, "cy": 3}
    assert_every_row_accounted_for(world, import_id, None, rows=3)


def test_a_database_that_is_away_for_a_while_costs_no_row(world, servers):
    csv, records = many_contacts(2000)
    import_id = world.upload(csv)
    servers.postgres.kill()
    back = in_thread(lambda: (time.sleep(1), servers.postgres.start()))
    wait_until(lambda: (world.run(), not back.is_alive())[1], "Postgres is back")
    for _ in range(3):
        world.let_leases_lapse()
        world.recover()
        world.run()
    assert_every_row_accounted_for(world, import_id, records, rows=2000)


def test_a_column_that_is_gone_pauses_the_import_and_after_mending_it_completes(world):
    csv, records = many_contacts(50)
    import_id = world.upload(csv)
    world.dispatch()
    world.execute("ALTER TABLE contacts RENAME COLUMN name TO title")
    world.work()
    world.recover()
    paused = world.find(import_id)
    assert (paused.status, paused.reason_code) == ("paused", "record_type_broken")
    assert 'Column "name" of relation "contacts" does not exist.' in paused.reason
    assert (world.ledger(import_id), world.queued()) == (set(), [])
    world.execute("ALTER TABLE contacts RENAME COLUMN title TO name")
    world.verb(imports.resume, import_id)
    assert world.find(import_id).reason is None
    world.run()
    assert_every_row_accounted_for(world, import_id, records, rows=50)


def test_a_table_that_breaks_in_the_middle_keeps_what_was_imported_and_repeats_none_of_it(world):
    import_id = world.upload("owner,amount,act\n" + "ann,1,\n" * 30, "deposits")
    world.dispatch()
    row_worker = worker.RowWorker(world.services)
    row_worker._work_off(row_worker._claims.take(limit=10))
    world.execute("ALTER TABLE accounts RENAME TO elsewhere")
    world.work()
    world.recover()
    assert world.status(import_id) == "paused"
    assert world.counts(import_id) == {"updated": 10}
    world.execute("ALTER TABLE elsewhere RENAME TO accounts")
    world.verb(imports.resume, import_id)
    world.run()
    assert world.balances() == {"ann": 30}
    assert_every_row_accounted_for(world, import_id, None, rows=30)


def test_a_retry_that_meets_a_broken_table_ends_and_says_so(world):
    import_id = world.import_file(contacts_csv([("nonsense", "x"), ("b@example.com", "Bob")]))
    world.execute('UPDATE failed_rows SET cells = \'["a@example.com", "Ann"]\'')
    world.execute("ALTER TABLE contacts RENAME TO elsewhere")
    world.verb(retries.retry, import_id)
    world.run()
    row = world.failed_rows(import_id)[1]
    assert (row.code, row.retry_requested_at) == ("record_type_broken", None)
    assert world.status(import_id) == "completed"
    world.execute("ALTER TABLE elsewhere RENAME TO contacts")
    world.verb(retries.retry, import_id)
    world.run()
    records = contacts({"a@example.com": "Ann", "b@example.com": "Bob"})
    assert_every_row_accounted_for(world, import_id, records, rows=2)


def test_a_record_type_that_this_release_lacks_pauses_the_import(world):
    import_id = world.upload(many_contacts(3)[0])
    world.dispatch()
    world.execute("UPDATE imports SET record_type = 'of_another_release'")
    world.work()
    world.recover()
    assert (world.status(import_id), world.find(import_id).reason_code) == ("paused", "record_type_broken")


def test_an_error_of_the_database_shows_no_parameters(world):
    with pytest.raises(DBAPIError) as raised, world.services.engine.connect() as connection:
        connection.execute(text("SELECT 1/0, CAST(:secret AS text)"), {"secret": "hash of a password"})
    assert "division by zero" in str(raised.value)
    assert "hash of a password" not in str(raised.value)
