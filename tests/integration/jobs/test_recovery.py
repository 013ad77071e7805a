"""What crashes and wipes leave undone is put back to work (docs/design.md, rules 3, 5, 7, 17)."""

from contextlib import closing

import pytest
from accounting import assert_every_row_accounted_for, assert_nothing_left
from rq.registry import StartedJobRegistry, clean_registries
from world import contacts_csv, many_contacts

from importer.control import imports, retries, uploads
from importer.errors import StorageError
from importer.models import User
from importer.queue import checkpoint, keys, queues
from importer.queue.stored_jobs import UnreadableJobError
from importer.statuses import Status
from jobs import clearing
from jobs.admission import refuse
from jobs.recovery import Recovery
from jobs.rows.worker import RowWorker


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
    checkpoint.take_lease(world.redis, import_id)
    world.recover()
    assert world.high.count == 0
    world.let_leases_lapse()
    world.recover()
    assert world.high.count == 1
    world.run()
    assert_every_row_accounted_for(world, import_id, records, rows=10)


def test_a_slice_of_a_completed_import_that_was_killed_as_it_was_popped_is_forgotten(world, dispatched):
    import_id, records = dispatched
    queues.enqueue_slice(world.redis, import_id)
    world.redis.lmove(world.high.key, world.high.intermediate_queue_key)
    world.work()
    world.recover()
    assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_a_redis_that_forgot_everything_is_dispatched_again(world, dispatched):
    import_id, records = dispatched
    worker = RowWorker(world.services)
    worker._work_off(worker._claims.take(limit=7))
    world.claim(7)
    world.redis.flushall()
    for _ in range(4):
        world.recover()
        world.run()
    assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_a_redis_that_forgot_everything_while_the_file_was_read_is_dispatched_again(world, setting, monkeypatch):
    monkeypatch.setattr("jobs.dispatcher.slice.ROWS_PER_PUSH", 10)
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
    world.verb(retries.retry, import_id)
    world.run()
    assert world.failed_rows(import_id)[1].attempts == 2
    assert_every_row_accounted_for(world, import_id, None, rows=2)


def test_a_retry_whose_message_was_lost_is_enqueued_by_recovery(world):
    import_id = world.import_file(contacts_csv([("nonsense", "x"), ("b@example.com", "Bob")]))
    world.verb(retries.retry, import_id)
    world.redis.flushall()
    world.execute("UPDATE failed_rows SET retry_requested_at = retry_requested_at - interval '1 minute'")
    world.recover()
    world.run()
    row = world.failed_rows(import_id)[1]
    assert (row.attempts, row.retry_requested_at) == (2, None)


@pytest.mark.parametrize("clean", ["registry", "queue"])
def test_rqs_own_clean_up_fails_no_claimed_row(world, dispatched, clean):
    import_id, records = dispatched
    world.claim(10)
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
    import_ = begin_upload(world)
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
    monkeypatch.setattr("jobs.rows.worker.clean_completed", lambda *arguments: None)
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
    assert queues.living_workers(world.redis, queues.LOW)
    worker.register_death()
    assert not queues.living_workers(world.redis, queues.LOW)


def test_a_redis_that_was_set_back_forgets_the_checkpoints_of_ended_imports(world, dispatched):
    ended, _ = dispatched
    kept = world.redis.dump(keys.checkpoint(ended))
    world.work()
    world.recover()
    assert_nothing_left(world, ended)
    world.redis.restore(keys.checkpoint(ended), 0, kept)
    running = world.upload(many_contacts(5)[0])
    world.recover()
    assert_nothing_left(world, ended)
    assert checkpoint.read(world.redis, running) is not None


def test_a_pass_asks_redis_no_more_often_for_a_hundred_waiting_imports_than_for_ten(world):
    def commands() -> int:
        world.release_recovery()
        recovery, before = Recovery(world.services), world.redis.info("stats")["total_commands_processed"]
        assert recovery.run()
        return world.redis.info("stats")["total_commands_processed"] - before

    csv = many_contacts(1)[0]
    for _ in range(10):
        world.upload(csv)
    few = commands()
    for _ in range(90):
        world.upload(csv)
    assert commands() <= few + 5


def test_files_that_cannot_be_deleted_keep_no_other_from_being_cleaned(world, monkeypatch):
    monkeypatch.setattr(clearing, "CLEANED_AT_ONCE", 2)
    ids = sorted(world.upload(many_contacts(1)[0]) for _ in range(5))
    delete = world.services.storage.delete

    def refuse_some(key):
        if key.removeprefix("imports/") in ids[:3]:
            raise StorageError("Access denied.")
        delete(key)

    monkeypatch.setattr(world.services.storage, "delete", refuse_some)
    monkeypatch.setattr(world.services.storage, "delete_all", lambda keys: set())
    world.dispatch()
    world.work()
    recovery = Recovery(world.services)
    for _ in range(4):
        world.release_recovery()
        recovery.run()
    assert [world.is_cleaned(import_id) for import_id in ids] == [False] * 3 + [True] * 2
    monkeypatch.setattr(world.services.storage, "delete", delete)
    for _ in range(4):
        world.release_recovery()
        recovery.run()
    assert all(map(world.is_cleaned, ids))


def begin_upload(world):
    with closing(world.session()) as session:
        import_, _ = uploads.begin_upload(
            session,
            world.services,
            session.get_one(User, 1),
            record_type="contacts",
            filename="f.csv",
            idempotency_key=None,
        )
    return import_


@pytest.mark.parametrize("verb", [imports.cancel, imports.delete])
def test_what_a_killed_process_has_received_of_a_cancelled_upload_is_removed(world, verb):
    import_ = begin_upload(world)
    world.verb(verb, import_.id)
    world.recover()
    world.services.storage.begin_upload(import_.object_key)
    world.services.storage.put(import_.object_key, b"email,name")
    world.recover()
    assert not world.is_cleaned(import_.id)
    world.execute("UPDATE imports SET upload_seen_at = now() - interval '1 hour'")
    world.recover()
    assert (world.unfinished_uploads(), world.objects()) == ([], [])


def test_uploads_that_nobody_owns_are_aborted_and_those_of_a_neighbour_left_alone(world, monkeypatch):
    monkeypatch.setattr(clearing, "UNKNOWN_UPLOAD_DAYS", 36_500)  # moto's uploads are all of 2010
    owned, ended = begin_upload(world), world.import_file(many_contacts(1)[0])
    for import_id in (owned.id, ended, "neighbour"):
        world.services.storage.begin_upload(f"imports/{import_id}")
    world.recover()
    assert sorted(world.unfinished_uploads()) == sorted([owned.object_key, "imports/neighbour"])
    monkeypatch.setattr(clearing, "UNKNOWN_UPLOAD_DAYS", 7)
    world.recover()
    assert world.unfinished_uploads() == [owned.object_key]


def test_failed_jobs_of_an_import_that_is_gone_are_forgotten(world):
    import_id = world.import_file(contacts_csv([("nonsense", "x")]))
    world.execute("DELETE FROM failed_rows")
    world.execute("DELETE FROM ledger")
    world.execute("DELETE FROM imports")
    refused = UnreadableJobError("A job of somebody else.")
    refuse(world.low, "somebody_1", b"{}", refused)
    world.recover()
    assert world.keys_of(import_id) == set()
    assert world.failed.get_job_ids() == ["somebody_1"]
