"""The time that an import is running: neither pauses nor a night without workers are part of it."""

import time

import pytest
from sqlalchemy import DateTime, text
from world import contacts_csv, many_contacts

from importer.control import imports, reports, retries
from importer.ledger.counters import LONGEST_GAP_SECONDS, Change, settle
from importer.models import Import
from importer.statuses import Status


@pytest.fixture
def half_done(world, setting, monkeypatch):
    """A running import of 50 rows, of which 20 have ended and 30 are not read yet."""
    monkeypatch.setattr("jobs.dispatcher.slice.ROWS_PER_PUSH", 10)
    setting(slice_seconds=1e-6)
    csv, _ = many_contacts(50)
    import_id = world.upload(csv)
    for _ in range(2):
        world.run_slice(import_id)
    world.work()
    return import_id


def report(world, import_id):
    with world.session() as session:
        return reports.report(session, world.services, world.find(import_id))


def ten_hours_pass(world):
    """Everything that was noted so far was ten hours earlier."""
    moments = [column.name for column in Import.__table__.columns if isinstance(column.type, DateTime)]
    earlier = ", ".join(f"{name} = {name} - interval '10 hours'" for name in moments)
    world.execute(f"UPDATE imports SET {earlier}")  # noqa: S608


def pause(world, import_id):
    world.verb(imports.pause, import_id)
    world.recover()
    assert world.status(import_id) == Status.PAUSED


def test_a_pause_of_ten_hours_slows_nothing_down(world, half_done):
    before = report(world, half_done)
    pause(world, half_done)
    ten_hours_pass(world)
    world.verb(imports.resume, half_done)
    world.run_slice(half_done)
    world.work()
    after = report(world, half_done)
    assert (after.status, after.ended_rows) == ("running", 30)
    assert before.seconds_running <= after.seconds_running < 20
    assert after.rows_per_second > 1
    assert after.seconds_left < 60


def test_a_completed_import_took_no_longer_for_its_pause(world, half_done):
    pause(world, half_done)
    ten_hours_pass(world)
    world.verb(imports.resume, half_done)
    world.run()
    done = report(world, half_done)
    assert (done.status, done.ended_rows) == ("completed", 50)
    assert done.seconds_running < 20
    assert done.rows_per_second > 1


def test_a_retry_during_a_pause_is_no_running_time(world, half_done):
    world.execute("UPDATE imports SET seconds_running = 5")
    pause(world, half_done)
    ten_hours_pass(world)
    with world.services.engine.begin() as connection:
        settle(connection, half_done, Change(created=1, failed=-1))
    assert world.find(half_done).seconds_running == 5


def test_of_a_night_without_workers_only_half_a_minute_counts(world, half_done):
    ten_hours_pass(world)
    world.run()
    done = report(world, half_done)
    assert done.status == "completed"
    assert LONGEST_GAP_SECONDS <= done.seconds_running < LONGEST_GAP_SECONDS + 20


def test_retrying_a_completed_import_leaves_its_rate_as_it_was(world):
    import_id = world.import_file(contacts_csv([("a@example.com", "A"), ("no address", "B")]))
    before = report(world, import_id)
    ten_hours_pass(world)
    world.verb(retries.retry, import_id)
    world.run()
    after = report(world, import_id)
    assert world.failed_rows(import_id)[2].attempts == 2
    assert (after.seconds_running, after.rows_per_second) == (before.seconds_running, before.rows_per_second)


def test_a_batch_that_was_frozen_in_its_transaction_took_as_long_as_it_did(world, half_done):
    with world.services.engine.begin() as connection:
        connection.execute(text("SELECT 1"))  # begins the transaction, and `now()` stands still
        before = report(world, half_done).seconds_running
        time.sleep(1)
        settle(connection, half_done, Change(created=30), total=50)
    done = world.find(half_done)
    assert done.status == "completed"
    assert done.seconds_running - before >= 0.9
    assert (done.finished_at - done.started_at).total_seconds() >= 1


def test_rows_that_end_while_an_import_is_pausing_take_time(world, half_done):
    world.execute("UPDATE imports SET timed_until = timed_until - interval '5 seconds'")
    world.verb(imports.pause, half_done)
    with world.services.engine.begin() as connection:
        settle(connection, half_done, Change(created=1))
    assert world.find(half_done).seconds_running >= 5
