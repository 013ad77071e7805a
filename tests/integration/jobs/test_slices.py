"""The dispatcher's slices (docs/design.md, rules 1 to 4)."""

import boto3
import pytest
from accounting import assert_every_row_accounted_for, assert_nothing_left
from redis.exceptions import NoPermissionError
from rq.job import Job
from rq.serializers import JSONSerializer
from world import contacts_csv, many_contacts

from importer.control import imports
from importer.ledger.retries import Requested
from importer.queue import checkpoint, keys, queues
from importer.storage.s3 import Storage
from jobs.dispatcher import pusher, run
from jobs.dispatcher import slice as slices


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(slices, "ROWS_PER_PUSH", 10)


@pytest.fixture
def tiny_slices(small_blocks, setting):
    setting(slice_seconds=1e-6)


def test_slices_that_end_after_one_block_push_every_row_once(world, tiny_slices):
    csv, records = many_contacts(55)
    import_id = world.upload(csv)
    runs = 0
    while world.high.count:
        world.run_slice(import_id)
        runs += 1
    assert runs == 7  # six blocks, and the end of the file
    assert world.queued_rows() == list(range(1, 56))
    world.work()
    assert_every_row_accounted_for(world, import_id, records, rows=55)


def test_two_imports_take_turns(world, tiny_slices):
    first, second = (world.upload(many_contacts(30)[0]) for _ in range(2))
    turns = []
    while world.high.count and len(turns) < 20:
        job_id = world.redis.lpop(world.high.key).decode()
        world.redis.delete(f"rq:job:{job_id}")
        turns.append(queues.import_of(job_id))
        run.run_slice(1, turns[-1])
    assert turns[:6] == [first, second] * 3
    world.run()
    for import_id in (first, second):
        assert_every_row_accounted_for(world, import_id, None, rows=30)


def test_a_slice_of_another_release_goes_round_until_its_import_has_ended(world, monkeypatch):
    monkeypatch.setattr(run, "SLICE_SETBACK_SECONDS", 0.01)
    import_id = world.upload(many_contacts(10)[0])
    world.run_slice(import_id)
    run.run_slice(99, import_id)
    (job_id,) = world.high.job_ids
    assert world.high.fetch_job(job_id).args == [99, import_id]
    world.work()
    assert world.status(import_id) == "completed"
    world.dispatch()
    assert world.high.count == 0


def test_a_slice_waits_while_the_queue_is_full(world, small_blocks, setting):
    setting(slice_seconds=0.2, max_queued_rows=20)
    csv, records = many_contacts(50)
    import_id = world.upload(csv)
    for _ in range(3):
        world.run_slice(import_id)
        assert len(world.queued()) == 20
    while world.status(import_id) != "completed":
        world.run_slice(import_id)
        world.work()
    assert_every_row_accounted_for(world, import_id, records, rows=50)


def test_a_second_dispatcher_of_the_same_import_pushes_no_row_again(world, small_blocks, monkeypatch):
    csv, records = many_contacts(50)
    import_id = world.upload(csv)
    push, depth = pusher.Pusher.push, []

    def push_after_a_twin(self, *arguments):
        if not depth:
            depth.append(1)
            world.run_slice(import_id)  # the twin reads the whole file meanwhile
        return push(self, *arguments)

    monkeypatch.setattr(pusher.Pusher, "push", push_after_a_twin)
    world.run_slice(import_id)
    assert world.queued_rows() == list(range(1, 51))
    world.work()
    assert_every_row_accounted_for(world, import_id, records, rows=50)


def test_the_end_of_the_file_writes_the_total(world):
    import_id = world.upload(many_contacts(12)[0])
    world.dispatch()
    assert (world.find(import_id).total_rows, world.status(import_id)) == (12, "running")


def test_where_every_row_has_ended_before_the_end_was_seen_the_dispatcher_completes_the_import(world, tiny_slices):
    csv, records = many_contacts(10)
    import_id = world.upload(csv)
    world.run_slice(import_id)
    world.work()
    assert world.status(import_id) == "running"
    world.dispatch()
    assert_every_row_accounted_for(world, import_id, records, rows=10)


def test_a_file_that_was_replaced_stops_the_import(world, tiny_slices):
    import_id = world.upload(many_contacts(30)[0])
    world.run_slice(import_id)
    world.services.storage.put(f"imports/{import_id}", many_contacts(40)[0].encode())
    world.dispatch()
    stopped = world.find(import_id)
    assert (stopped.status, stopped.reason_code) == ("stopped", "object_changed")
    assert world.queued() == []
    assert_nothing_left(world, import_id)


def test_a_file_that_is_gone_stops_the_import(world, tiny_slices):
    import_id = world.upload(many_contacts(30)[0])
    world.run_slice(import_id)
    world.services.storage.delete(f"imports/{import_id}")
    world.dispatch()
    stopped = world.find(import_id)
    assert (stopped.status, stopped.reason_code, stopped.dispatched_rows) == ("stopped", "object_missing", 10)


def test_while_s3_is_away_the_dispatcher_waits_and_then_goes_on(world, monkeypatch):
    monkeypatch.setattr(run, "SLICE_SETBACK_SECONDS", 0.01)
    csv, records = many_contacts(30)
    import_id = world.upload(csv)
    nobody = boto3.client("s3", endpoint_url="http://127.0.0.1:9", region_name="us-east-1")
    present, world.services.storage = world.services.storage, Storage("imports", nobody)
    world.run_slice(import_id)
    assert world.find(import_id).failed_slices == 0
    world.services.storage = present
    world.run()
    assert_every_row_accounted_for(world, import_id, records, rows=30)


@pytest.mark.parametrize("verb", [imports.pause, imports.cancel, imports.delete])
def test_a_slice_leaves_an_import_that_takes_no_more_rows(world, small_blocks, monkeypatch, verb):
    monkeypatch.setattr(slices, "LOOK_SECONDS", 0)
    import_id = world.upload(many_contacts(50)[0])
    push = pusher.Pusher.push

    def push_and_interfere(self, *arguments):
        answer = push(self, *arguments)
        world.verb(verb, import_id)
        return answer

    monkeypatch.setattr(pusher.Pusher, "push", push_and_interfere)
    world.dispatch()
    if verb is imports.delete:
        world.recover()
    assert world.queued_rows() == (list(range(1, 11)) if verb is imports.pause else [])
    assert (checkpoint.read(world.redis, import_id) is None) == (verb is not imports.pause)
    assert not checkpoint.is_leased(world.redis, import_id)


def test_a_frozen_dispatcher_that_wakes_after_a_cancel_revives_nothing(world, small_blocks, monkeypatch):
    import_id = world.upload(many_contacts(50)[0])
    push = pusher.Pusher.push
    calls = []

    def push_late(self, *arguments):
        calls.append(1)
        if len(calls) == 3:
            world.verb(imports.cancel, import_id)
        return push(self, *arguments)

    monkeypatch.setattr(pusher.Pusher, "push", push_late)
    world.dispatch()
    assert len(calls) == 3
    assert world.queued() == []
    assert_nothing_left(world, import_id)
    assert world.find(import_id).dispatched_rows == 20


def test_blank_lines_below_the_header_are_no_rows(world):
    import_id = world.upload("email,name\n" + "\n" * 600_000 + "\r\n" * 300_000)
    world.dispatch()
    stopped = world.find(import_id)
    assert (stopped.status, stopped.reason_code) == ("stopped", "no_rows")
    assert_nothing_left(world, import_id)


def test_errors_that_nobody_expected_are_counted_and_five_in_a_row_stop_the_import(world, monkeypatch):
    def broken(*arguments):
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr(slices, "encode_record", broken)
    import_id = world.upload(many_contacts(3)[0])
    for failed in range(1, 6):
        world.dispatch()
        assert world.find(import_id).failed_slices == failed
        world.let_leases_lapse()
        world.recover()
    stopped = world.find(import_id)
    assert (stopped.status, stopped.reason_code) == ("stopped", "dispatcher_failed")
    assert "ZeroDivisionError: nobody thought of this" in stopped.reason


def test_of_a_long_traceback_rq_keeps_the_end(world, monkeypatch):
    def broken(*arguments):
        raise ZeroDivisionError("x" * 1_000_000)

    monkeypatch.setattr(slices, "encode_record", broken)
    world.upload(many_contacts(3)[0])
    world.dispatch()
    (job_id,) = world.failed_slices.get_job_ids()
    told = Job.fetch(job_id, connection=world.redis, serializer=JSONSerializer).latest_result().exc_string
    assert len(told) == 10_000


def test_a_slice_that_gets_on_forgets_the_errors_before_it(world, tiny_slices, monkeypatch):
    csv, records = many_contacts(80)
    import_id = world.upload(csv)
    encode, calls = slices.encode_record, []

    def broken_now_and_then(*arguments):
        calls.append(1)
        if len(calls) % 11 == 0:
            raise ZeroDivisionError("only sometimes")
        return encode(*arguments)

    monkeypatch.setattr(slices, "encode_record", broken_now_and_then)
    for _ in range(20):
        world.dispatch()
        world.work()
        world.let_leases_lapse()
        world.recover()
    assert_every_row_accounted_for(world, import_id, records, rows=80)


def test_a_slice_of_another_release_is_put_back(world, monkeypatch):
    monkeypatch.setattr(run, "SLICE_SETBACK_SECONDS", 0.01)
    import_id = world.upload(many_contacts(3)[0])
    world.redis.delete(world.high.key)
    run.run_slice(99, import_id)
    (job,) = world.high.jobs
    assert job.args == [99, import_id]
    assert world.status(import_id) == "queued"


def test_rows_and_offsets_agree_where_lines_are_blank_quoted_and_ragged(world, tiny_slices):
    lines = [f'p{n}@example.com,"name\n{n}, the ""first"""\r\n{"" if n % 3 else chr(10)}' for n in range(40)]
    import_id = world.upload("\ufeffemail,name\r\n" + "".join(lines) + "ragged\n")
    world.run()
    assert world.codes(import_id) == {41: "invalid_email"}  # its only cell is no address; the missing one is empty
    assert world.records()["p7@example.com"]["name"] == 'name\n7, the "first"'
    assert_every_row_accounted_for(world, import_id, None, rows=41)


def test_a_checkpoint_of_redis_that_was_forgotten_ends_the_slice(world):
    import_id = world.upload(contacts_csv([("a@example.com", "Ann")]))
    world.redis.delete(keys.checkpoint(import_id))
    world.dispatch()
    assert world.queued() == []
    assert world.status(import_id) == "queued"


def test_a_slice_that_has_lost_leaves_the_lease_to_the_one_that_is_further_on(world, monkeypatch):
    import_id = world.upload(many_contacts(50)[0])
    monkeypatch.setattr(pusher.Pusher, "push", lambda *_: (pusher.Answer.LOST, 0))
    world.run_slice(import_id)
    assert checkpoint.is_leased(world.redis, import_id)
    assert not queues.is_slice_queued(world.redis, import_id)


@pytest.mark.parametrize(("sizes", "fitting"), [([1, 1, 1], 3), ([250_000, 150_000, 1], 2), ([400_001, 1], 1)])
def test_retried_rows_of_one_push_are_no_more_bytes_than_it_may_have(sizes, fitting):
    rows = [Requested(number, number + 1, 2, size) for number, size in enumerate(sizes, 1)]
    assert slices._fitting(rows) == rows[:fitting]


@pytest.mark.parametrize(
    ("line", "codes"),
    [(b"\n" * 2_000_000, {}), (b"x" * 2_000_000 + b"\n", {2: "record_too_long"})],
    ids=["blank lines", "one long line"],
)
def test_a_slice_leaves_in_the_middle_of_what_holds_no_row_and_the_next_goes_on_there(world, setting, line, codes):
    setting(slice_seconds=1e-6)
    import_id = world.upload(b"email,name\na@example.com,Ann\n" + line + b"b@example.com,Bob\n")
    offsets = []
    while world.high.count:
        world.run_slice(import_id)
        reached = checkpoint.read(world.redis, import_id)
        offsets.append(reached.offset)
    assert len(set(offsets)) == len(offsets) - 1 > 4  # the last slice finds the end of the file
    assert offsets == sorted(offsets)
    world.work()
    assert world.codes(import_id) == codes
    assert set(world.records()) == {"a@example.com", "b@example.com"}


def test_a_lease_that_cannot_be_dropped_lapses_and_fails_no_slice(world, monkeypatch):
    def denied(*_):
        raise NoPermissionError("this user has no permissions to run the 'del' command")

    import_id = world.upload(contacts_csv([("a@example.com", "Ann")]))
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "drop_lease", denied)
        run.run_slice(queues.ARGUMENTS_VERSION, import_id)
    assert checkpoint.is_leased(world.redis, import_id)
    world.work()
    assert world.counts(import_id) == {"created": 1}
