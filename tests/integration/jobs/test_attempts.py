"""A failed row's next attempt alone may take effect; jobs of others change nothing (docs/design.md, rule 6)."""

import threading

import pytest
from accounting import assert_every_row_accounted_for
from releases import write_row_job
from rq.job import Job
from world import contacts, contacts_csv

from importer.control import retries
from importer.files.csv_reader import Record
from importer.ledger.failures import lock_attempts
from importer.queue import keys
from jobs.rows.batch import Batches
from jobs.rows.job import encode_record, encode_retry
from jobs.rows.worker import RowWorker

BROKEN = contacts_csv([("nonsense", "x"), ("b@example.com", "Bob")])
MENDED = '["a@example.com", "Ann"]'


@pytest.fixture
def failed(world):
    """An import whose first row has failed once."""
    return world.import_file(BROKEN)


def mend_cells(world) -> None:
    """What a correction does: new cells of the failed row."""
    world.execute("UPDATE failed_rows SET cells = :cells", cells=MENDED)


def retry_job(world, import_id: str, attempt: int):
    return Batches(world.services).apply(import_id, [encode_retry(import_id, 1, 2, attempt)])


def test_a_retry_tries_the_cells_that_the_failed_row_has_by_then(world, failed):
    world.verb(retries.retry, failed, row_number=1)
    world.dispatch()
    mend_cells(world)
    world.work()
    records = contacts({"a@example.com": "Ann", "b@example.com": "Bob"})
    assert_every_row_accounted_for(world, failed, records, rows=2)
    assert world.codes(failed) == {}


@pytest.mark.parametrize("attempt", [1, 3])
def test_a_job_of_another_attempt_than_the_next_neither_fails_the_row_nor_clears_its_request(
    world, failed, attempt
):
    world.verb(retries.retry, failed, row_number=1)
    applied = retry_job(world, failed, attempt)
    assert (applied.failures, applied.again) == ([], {1})
    row = world.failed_rows(failed)[1]
    assert (row.attempts, row.retry_requested_at is not None) == (1, True)


def test_a_job_of_the_attempt_that_is_over_does_not_import_the_row(world, failed):
    mend_cells(world)
    for stale in (1, 3):
        retry_job(world, failed, stale)
    assert set(world.records()) == {"b@example.com"}
    retry_job(world, failed, 2)
    retry_job(world, failed, 2)
    assert world.counts(failed) == {"created": 2}
    assert world.codes(failed) == {}


def test_two_jobs_of_the_same_attempt_at_once_count_once(world, failed):
    with world.services.engine.connect() as first:
        sequence = world.find(failed).sequence
        assert [attempt.number for attempt in lock_attempts(first, sequence, {1: 2})] == [2]
        second = threading.Thread(target=retry_job, args=(world, failed, 2))
        second.start()
        second.join(0.3)
        assert second.is_alive()  # it waits for the row
        first.exec_driver_sql("UPDATE failed_rows SET attempts = attempts + 1")
        first.commit()
        second.join(10)
    assert world.failed_rows(failed)[1].attempts == 2


def test_a_requeue_in_rq_and_a_retry_of_the_page_at_once_leave_no_request_unanswered(world, failed):
    Job.fetch(f"{failed}_1", connection=world.redis).requeue()
    world.verb(retries.retry, failed, row_number=1)
    world.dispatch()
    assert world.queued_rows() == [1]
    world.run()
    row = world.failed_rows(failed)[1]
    assert (row.attempts, row.retry_requested_at) == (2, None)
    assert world.failed.get_job_ids() == [f"{failed}_1"]


def test_a_retry_asked_for_while_a_worker_holds_the_row_is_done_after_it(world, failed):
    Job.fetch(f"{failed}_1", connection=world.redis).requeue()
    worker = RowWorker(world.services)
    claim = worker._claims.take(limit=1)
    applied = worker._apply(claim)  # COMMIT: attempt 2 has failed
    world.verb(retries.retry, failed, row_number=1)  # attempt 3
    world.dispatch()  # its push meets the job that the worker still holds
    worker._clear(claim, applied)
    mend_cells(world)
    world.execute("UPDATE failed_rows SET retry_requested_at = now() - interval '1 minute'")
    world.let_leases_lapse()
    world.recover()
    world.run()
    assert world.codes(failed) == {}
    assert_every_row_accounted_for(world, failed, None, rows=2)
    assert world.redis.keys(keys.claim("*")) == []


def test_a_retry_is_not_held_up_by_a_job_of_the_row_that_is_queued_already(world, failed):
    world.redis.delete(f"rq:job:{failed}_1")
    write_row_job(world, failed, 1, version=2, cells=["nonsense", "x"])  # its first attempt's, that came back late
    world.low.push_job_id(f"{failed}_1")
    mend_cells(world)
    world.verb(retries.retry, failed, row_number=1)
    world.dispatch()
    assert world.queued_rows() == [1]
    world.work()
    assert world.codes(failed) == {}


def test_a_retry_that_passes_is_imported_though_the_first_attempts_job_is_in_its_batch(world, failed):
    mend_cells(world)
    late = encode_record(failed, Record(1, 2, ["nonsense", "x"], None))
    applied = Batches(world.services).apply(failed, [late, encode_retry(failed, 1, 2, 2)])
    assert (applied.failures, applied.again) == ([], {1})
    assert world.codes(failed) == {}
    assert world.records() == contacts({"a@example.com": "Ann", "b@example.com": "Bob"})


def test_a_row_is_tried_as_often_as_it_is_asked_for(world, failed):
    for attempts in (2, 3, 4):
        world.verb(retries.retry, failed, row_number=1)
        world.run()
        assert world.failed_rows(failed)[1].attempts == attempts
    assert_every_row_accounted_for(world, failed, contacts({"b@example.com": "Bob"}), rows=2)


def test_a_row_job_of_the_release_before_is_imported_as_that_one_would(world):
    import_id = world.upload("email,name,company\na@example.com,Ann,\nb@example.com,,Acme\n")
    world.dispatch()
    write_row_job(world, import_id, 1, version=1, cells=["a@example.com", "Ann", ""])
    write_row_job(world, import_id, 2, version=1, cells=["b@example.com", "", "Acme"])
    world.work()
    assert world.records() == contacts({"a@example.com": "Ann"})
    assert world.codes(import_id) == {2: "missing_value"}
