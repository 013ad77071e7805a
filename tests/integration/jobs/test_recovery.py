"""What crashes and wipes leave undone is put back to work (docs/design.md, rules 3, 5, 7, 17)."""

from contextlib import closing

import pytest
from accounting import assert_every_row_accounted_for, assert_nothing_left
from rq.registry import StartedJobRegistry, clean_registries
from world import contacts_csv, many_contacts

from importer import checkpoint, queues
from importer.control import health, uploads, verbs
from importer.models import User
from importer.queues import CLAIMS_KEY
from importer.statuses import Status
from jobs import claiming, row_worker
from jobs.recovery import Recovery
from jobs.row_worker import RowWorker


@pytest.fixture
def dispatched(world):
    """An import of 30 rows, all of them queued, and the records it comes to."""
    csv, records = many_contacts(30)
    import_id = world.upload(csv)
    world.dispatch()
    return import_id, records


def claim(world, rows: int) -> claiming.Claim:
    """What a worker has taken that dies at once."""
    taken = claiming.Claims(world.redis, "dead").take(limit=rows)
    assert taken is not None
    return taken


def test_a_claim_takes_neighbours_of_one_import_alone(world, dispatched):
    other = world.upload(many_contacts(5)[0])
    world.dispatch()
    assert len(claim(world, 1000).rows) == 30
    assert {row.import_id for row in claim(world, 1000).rows} == {other}


def test_claimed_jobs_are_started_jobs_to_rq(world, dispatched):
    taken = claim(world, 10)
    assert sorted(world.started.get_job_ids()) == sorted(row.job_id for row in taken.rows)
    assert world.job(taken.import_id, 1).get_status() == "started"


def test_the_jobs_of_a_dead_worker_come_back_and_each_is_run_alone(world, dispatched):
    import_id, records = dispatched
    claim(world, 10)
    world.recover()
    assert len(world.queued()) == 20
    world.let_leases_lapse()
    world.recover()
    assert world.queued_rows() == list(range(1, 31))
    claims = claiming.Claims(world.redis, "next")
    assert [len(claims.take(limit=1000).rows) for _ in range(11)] == [1] * 10 + [20]
    world.let_leases_lapse()
    world.recover()
    world.work()
    assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_a_job_over_which_a_worker_died_is_run_alone_when_rq_pops_it_first_too(world, dispatched):
    claim(world, 1)
    world.let_leases_lapse()
    world.recover()
    popped = world.redis.lmove(world.low.key, world.low.intermediate_queue_key).decode()
    assert len(claiming.Claims(world.redis, "next").take(first=popped, limit=1000).rows) == 1


def test_a_living_worker_keeps_its_claim(world, dispatched):
    taken = claim(world, 10)
    world.recover()
    assert world.redis.zscore(CLAIMS_KEY, taken.id)
    assert len(world.queued()) == 20


def test_a_worker_that_died_after_its_commit_leaves_jobs_that_change_nothing(world, dispatched, monkeypatch):
    import_id, records = dispatched
    worker = RowWorker(world.services)
    monkeypatch.setattr(worker, "_clear", lambda *arguments: None)
    worker._work_off(worker._claims.take(limit=10))
    before = world.counts(import_id)
    world.let_leases_lapse()
    world.recover()
    world.work()
    assert before == {"created": 10}
    assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_a_row_over_which_three_workers_died_alone_fails_and_its_neighbours_are_imported(world, dispatched):
    import_id, _ = dispatched
    for _ in range(4):
        claim(world, 10)
        world.let_leases_lapse()
        world.recover()
    assert claim(world, 10).rows[0].deaths == 3
    world.let_leases_lapse()
    world.recover()
    world.work()
    assert world.codes(import_id) == {1: "worker_died"}
    assert_every_row_accounted_for(world, import_id, None, rows=30)


def test_a_job_that_a_kill_left_between_pop_and_claim_comes_back(world, dispatched, monkeypatch):
    monkeypatch.setattr(claiming, "STUCK_SECONDS", 0)
    import_id, records = dispatched
    world.redis.lmove(world.low.key, world.low.intermediate_queue_key)
    world.recover()
    world.recover()
    assert world.redis.llen(world.low.intermediate_queue_key) == 0
    world.work()
    assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_an_id_on_the_queue_whose_job_is_gone_is_forgotten(world, dispatched, monkeypatch):
    monkeypatch.setattr(claiming, "STUCK_SECONDS", 0)
    import_id, records = dispatched
    world.redis.lpush(world.low.key, f"{import_id}_98", f"{import_id}_99")
    for _ in range(4):
        world.work()
        world.recover()
    assert queues.queued_rows(world.redis, import_id) == 0
    assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_a_worker_that_was_frozen_past_its_lease_changes_nothing(world, dispatched):
    import_id, records = dispatched
    frozen = RowWorker(world.services)
    taken = frozen._claims.take(limit=10)
    world.let_leases_lapse()
    world.recover()
    world.work()
    frozen._work_off(taken)
    assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_a_frozen_worker_that_wakes_first_leaves_nothing_to_do_for_its_heirs(world, dispatched):
    import_id, records = dispatched
    frozen = RowWorker(world.services)
    taken = frozen._claims.take(limit=10)
    world.let_leases_lapse()
    world.recover()
    frozen._work_off(taken)
    world.work()
    assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_an_import_without_a_dispatcher_gets_one(world):
    csv, records = many_contacts(10)
    import_id = world.upload(csv)
    queues.drop_slices(world.redis, import_id, failed=False)
    world.recover()
    assert world.high.count == 1
    world.recover()
    assert world.high.count == 1
    world.run()
    assert_every_row_accounted_for(world, import_id, records, rows=10)


def test_a_slice_that_was_killed_is_replaced_once_its_lease_has_lapsed(world):
    csv, records = many_contacts(10)
    import_id = world.upload(csv)
    world.redis.lmove(world.high.key, world.high.intermediate_queue_key)
    checkpoint.renew_lease(world.redis, import_id)
    world.recover()
    assert world.high.count == 0
    world.let_leases_lapse()
    world.recover()
    assert world.high.count == 1
    world.run()
    assert_every_row_accounted_for(world, import_id, records, rows=10)


def test_a_redis_that_forgot_everything_is_dispatched_again(world, dispatched):
    import_id, records = dispatched
    worker = RowWorker(world.services)
    worker._work_off(worker._claims.take(limit=7))
    claim(world, 7)
    world.redis.flushall()
    for _ in range(4):
        world.recover()
        world.run()
    assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_a_redis_that_forgot_everything_while_the_file_was_read_is_dispatched_again(world, setting, monkeypatch):
    monkeypatch.setattr("jobs.dispatcher.ROWS_AT_ONCE", 10)
    setting(slice_seconds=1e-6)
    csv, records = many_contacts(100)
    import_id = world.upload(csv)
    for _ in range(5):
        world.run_slice(import_id)
    worker = RowWorker(world.services)
    worker._work_off(worker._claims.take(limit=25))
    world.redis.flushall()
    world.recover()
    assert checkpoint.read(world.redis, import_id) == checkpoint.Checkpoint(0, 1, 11, 25)
    world.dispatch()
    assert world.queued_rows() == list(range(26, 101))
    world.work()
    assert_every_row_accounted_for(world, import_id, records, rows=100)


def test_a_queue_that_was_emptied_by_hand_is_filled_again(world, dispatched):
    import_id, records = dispatched
    worker = RowWorker(world.services)
    worker._work_off(worker._claims.take(limit=7))
    world.low.empty()
    for _ in range(4):
        world.recover()
        world.run()
    assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_failed_jobs_that_were_deleted_by_hand_can_still_be_retried(world):
    import_id = world.import_file(contacts_csv([("nonsense", "x"), ("b@example.com", "Bob")]))
    for job_id in world.failed.get_job_ids():
        world.failed.remove(job_id, delete_job=True)
    world.verb(verbs.retry, import_id)
    world.run()
    assert world.failed_rows(import_id)[1].attempts == 2
    assert_every_row_accounted_for(world, import_id, None, rows=2)


def test_a_retry_whose_message_was_lost_is_enqueued_by_recovery(world):
    import_id = world.import_file(contacts_csv([("nonsense", "x"), ("b@example.com", "Bob")]))
    world.verb(verbs.retry, import_id)
    world.redis.flushall()
    world.execute("UPDATE failed_rows SET retry_requested_at = retry_requested_at - interval '1 minute'")
    world.recover()
    world.run()
    row = world.failed_rows(import_id)[1]
    assert (row.attempts, row.retry_requested_at) == (2, None)


@pytest.mark.parametrize("clean", ["registry", "queue"])
def test_rqs_own_clean_up_fails_no_claimed_row(world, dispatched, clean):
    import_id, records = dispatched
    claim(world, 10)
    if clean == "registry":
        StartedJobRegistry(queue=world.low).cleanup(timestamp=10**12)
    else:
        clean_registries(world.low)
    assert world.failed.get_job_ids() == []
    world.let_leases_lapse()
    world.recover()
    world.work()
    assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_an_upload_that_broke_off_is_given_up_and_its_parts_are_aborted(world):
    with closing(world.session()) as session:
        import_, _ = uploads.begin_upload(
            session,
            world.services,
            session.get_one(User, 1),
            record_type="contacts",
            filename="f.csv",
            idempotency_key=None,
        )
    world.services.storage.begin_upload(import_.object_key)
    world.recover()
    assert world.status(import_.id) == Status.UPLOADING
    world.execute("UPDATE imports SET upload_seen_at = now() - interval '1 hour'")
    world.recover()
    given_up = world.find(import_.id)
    assert (given_up.status, given_up.reason_code) == ("stopped", "upload_broke_off")
    assert given_up.cleaned_at is not None
    assert (world.unfinished_uploads(), world.objects()) == ([], [])


def test_what_a_crash_after_the_last_commit_left_over_is_swept(world, dispatched, monkeypatch):
    import_id, records = dispatched
    worker = RowWorker(world.services)
    monkeypatch.setattr(row_worker, "clean", lambda *arguments: None)
    monkeypatch.setattr(worker, "_clear", lambda *arguments: None)
    worker._work_off(worker._claims.take(limit=30))
    assert world.status(import_id) == "completed"
    assert world.objects() == [f"imports/{import_id}"]
    world.let_leases_lapse()
    world.recover()
    world.work()
    assert_every_row_accounted_for(world, import_id, records, rows=30)
    assert world.find(import_id).cleaned_at is not None


def test_the_file_is_kept_where_the_setting_says_so(world, setting):
    setting(keep_files=True)
    import_id = world.import_file(many_contacts(3)[0])
    world.recover()
    assert world.status(import_id) == "completed"
    assert world.objects() == [f"imports/{import_id}"]
    assert_nothing_left(world, import_id)


def test_one_import_that_recovery_cannot_handle_keeps_no_other_from_its_turn(world, monkeypatch):
    first, second = (world.upload(many_contacts(3)[0]) for _ in range(2))
    for import_id in (first, second):
        queues.drop_slices(world.redis, import_id, failed=False)
    enqueue = queues.enqueue_slice

    def fail_for_the_first(redis, import_id, **options):
        if import_id == first:
            raise ZeroDivisionError("nobody thought of this")
        enqueue(redis, import_id, **options)

    monkeypatch.setattr(queues, "enqueue_slice", fail_for_the_first)
    world.recover()
    assert queues.is_slice_queued(world.redis, second)


def test_only_one_process_at_a_time_runs_a_pass(world):
    world.release_recovery()
    assert Recovery(world.services).run()
    assert not Recovery(world.services).run()


def test_a_worker_that_redis_forgot_is_known_again(world):
    worker = RowWorker(world.services)
    worker.register_birth()
    world.redis.flushall()
    worker.heartbeat()
    assert health.check_worker(world.services).ok
    worker.register_death()
    assert not health.check_worker(world.services).ok
