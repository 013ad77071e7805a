"""Failed rows as RQ's failed jobs, and their requeue through RQ (docs/design.md, rules 6, 15, 16)."""

from accounting import assert_every_row_accounted_for
from rq import SimpleWorker
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from world import contacts, contacts_csv

from importer.control import imports, retries
from importer.lifecycle.cleaning import clean_completed
from importer.record_types.contacts import Contacts
from jobs.rows import failed_jobs
from jobs.rows.claims import GivenBack
from jobs.rows.worker import RowWorker

BROKEN = contacts_csv([("nonsense", "x"), ("b@example.com", "Bob")])
REPAIRED = contacts({"a@example.com": "Ann", "b@example.com": "Bob"})


def requeue(world, import_id: str, row_number: int) -> None:
    """As rq-dashboard does it, with RQ's default serializer."""
    Job.fetch(f"{import_id}_{row_number}", connection=world.redis).requeue()


def lift_the_cause(world, monkeypatch) -> None:
    """The same cells are fine from now on."""
    validate = Contacts.validate

    def lenient(self, cells):
        return validate(self, {"email": "a@example.com", "name": "Ann"} if cells["email"] == "nonsense" else cells)

    monkeypatch.setattr(Contacts, "validate", lenient)


def test_failed_rows_are_failed_jobs_of_the_queue_low(world):
    import_id = world.import_file(BROKEN)
    assert world.failed.get_job_ids() == [f"{import_id}_1"]
    job = world.job(import_id, 1)
    assert job.get_status() == "failed"
    assert (job.args, job.kwargs) == ([2, import_id, 1, 2, [], None], {"attempt": 2})
    assert f"row 1 (line 2) of import {import_id}: invalid_email" in job.latest_result().exc_string


def test_no_cell_of_a_failed_row_gets_into_description_or_exception(world):
    import_id = world.import_file(contacts_csv([("<script>alert(1)</script>", "<b>x")]))
    job = world.job(import_id, 1)
    assert "<" not in job.description + job.latest_result().exc_string


def test_at_most_a_thousand_failed_jobs_are_kept_and_every_failed_row_is_in_postgres(world, monkeypatch):
    monkeypatch.setattr(failed_jobs, "MAX_SHOWN_JOBS", 10)
    import_id = world.import_file(contacts_csv([(f"nonsense {n}", "x") for n in range(70)]))
    assert world.failed.count == 10
    assert len(world.failed_rows(import_id)) == 70
    assert len(world.redis.keys("rq:job:*")) == 10
    assert len(world.redis.keys("rq:results:*")) == 10
    assert_every_row_accounted_for(world, import_id, {}, rows=70)


def test_rq_is_told_of_the_first_failed_rows_of_an_import_and_of_those_that_fail_again(world, monkeypatch):
    monkeypatch.setattr(failed_jobs, "MAX_SHOWN_JOBS", 10)
    import_id = world.import_file(contacts_csv([(f"nonsense {n}", "x") for n in range(70)]))
    shown = {f"{import_id}_{number}" for number in range(1, 11)}
    assert set(world.failed.get_job_ids()) == shown
    world.verb(retries.retry, import_id, row_number=70)
    world.run()
    assert f"{import_id}_70" in world.failed.get_job_ids()
    assert world.failed.count == 10


def test_rows_beyond_those_kept_can_be_retried(world, monkeypatch):
    monkeypatch.setattr(failed_jobs, "MAX_SHOWN_JOBS", 1)
    import_id = world.import_file(contacts_csv([("nonsense", "x"), ("more nonsense", "x")]))
    lift_the_cause(world, monkeypatch)
    world.verb(retries.retry, import_id)
    world.run()
    assert world.codes(import_id) == {2: "invalid_email"}
    assert_every_row_accounted_for(world, import_id, None, rows=2)


def test_a_requeue_in_rq_ends_as_a_retry_does(world, monkeypatch):
    by_retry, by_requeue = (world.import_file(BROKEN) for _ in range(2))
    lift_the_cause(world, monkeypatch)
    world.verb(retries.retry, by_retry)
    requeue(world, by_requeue, 1)
    world.run()
    for import_id in (by_retry, by_requeue):
        assert world.codes(import_id) == {}
        assert sum(world.counts(import_id).values()) == 2
        assert_every_row_accounted_for(world, import_id, REPAIRED, rows=2)
    assert world.failed.get_job_ids() == []


def test_a_requeue_in_rq_that_fails_again_is_shown_again_once(world):
    import_id = world.import_file(BROKEN)
    requeue(world, import_id, 1)
    world.run()
    assert world.failed.get_job_ids() == [f"{import_id}_1"]
    assert world.failed_rows(import_id)[1].attempts == 2
    assert world.counts(import_id) == {"created": 1, "failed": 1}


def test_a_row_may_be_requeued_in_rq_and_fail_again_and_again(world):
    import_id = world.import_file(BROKEN)
    for _ in range(3):
        requeue(world, import_id, 1)
        world.run()
    assert world.job(import_id, 1).kwargs == {"attempt": 5}
    assert world.failed_rows(import_id)[1].attempts == 4


def test_a_retry_and_a_requeue_at_once_import_the_row_once(world, monkeypatch):
    import_id = world.import_file(BROKEN)
    lift_the_cause(world, monkeypatch)
    requeue(world, import_id, 1)
    world.verb(retries.retry, import_id)
    world.run()
    assert world.counts(import_id) == {"created": 2}
    assert_every_row_accounted_for(world, import_id, REPAIRED, rows=2)


def test_a_retry_asked_for_between_completion_and_clean_up_is_done(world, monkeypatch):
    def retry_first(services, import_id):
        monkeypatch.undo()
        world.verb(retries.retry, import_id)
        clean_completed(services, import_id)

    monkeypatch.setattr("jobs.rows.worker.clean_completed", retry_first)
    import_id = world.import_file(BROKEN)
    world.run()
    assert world.failed_rows(import_id)[1].attempts == 2
    assert_every_row_accounted_for(world, import_id, None, rows=2)


def test_a_retried_row_that_another_worker_has_taken_is_not_given_back_by_the_one_it_failed_with(world):
    import_id = world.upload(BROKEN)
    world.dispatch()
    worker, other = RowWorker(world.services), RowWorker(world.services)
    claim = worker._claims.take(limit=2)
    worker._failed_jobs.record(claim, worker._apply(claim).failures)
    requeue(world, import_id, 1)
    assert [attempt.row_number for attempt in other._claims.take(limit=1).attempts()] == [1]
    worker._claims.give_back(claim, GivenBack.UNTOUCHED)
    assert world.queued_rows() == [2]


def test_a_requeue_of_a_row_that_is_imported_meanwhile_changes_nothing(world, monkeypatch):
    import_id = world.import_file(BROKEN)
    kept = world.redis.dump(f"rq:job:{import_id}_1")
    lift_the_cause(world, monkeypatch)
    world.verb(retries.retry, import_id)
    world.run()
    world.redis.restore(f"rq:job:{import_id}_1", 0, kept)
    FailedJobRegistry(queue=world.low).add(world.job(import_id, 1))
    requeue(world, import_id, 1)
    world.work()
    assert_every_row_accounted_for(world, import_id, REPAIRED, rows=2)


def test_a_requeue_on_a_cancelled_import_is_dropped(world):
    import_id = world.upload(BROKEN)
    world.dispatch()
    worker = RowWorker(world.services)
    worker._work_off(worker._claims.take(limit=1))
    assert world.failed.get_job_ids() == [f"{import_id}_1"]
    world.verb(imports.cancel, import_id)
    requeue(world, import_id, 1)
    world.work()
    assert world.queued() == []
    assert not Job.exists(f"{import_id}_1", connection=world.redis)
    assert world.failed_rows(import_id)[1].attempts == 1


def test_rqs_own_simple_worker_can_run_row_jobs(world):
    import_id = world.upload(BROKEN)
    world.dispatch()
    SimpleWorker([world.low], connection=world.redis, serializer=JSONSerializer).work(
        burst=True, logging_level="ERROR"
    )
    assert world.status(import_id) == "completed"
    assert world.counts(import_id) == {"created": 1, "failed": 1}
