"""The script that pushes rows and moves the checkpoint (docs/design.md, rule 1)."""

import json

import pytest
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from world import contacts_csv

from importer.files.csv_reader import Record
from importer.queue import checkpoint, keys
from importer.queue.checkpoint import Checkpoint
from importer.queue.queues import LOW
from jobs.dispatcher.pusher import Answer, Pusher, Row
from jobs.rows.job import encode_record

IMPORT = "abcdefghjkmn"
START = Checkpoint(0, 1, 11, 0)
AFTER = Checkpoint(2, 3, 50, 0)
ROWS = [
    Row(number, encode_record(IMPORT, Record(number, number + 1, ["a@example.com", "Ann"], None)))
    for number in (1, 2)
]


@pytest.fixture
def pusher(world):
    checkpoint.create(world.redis, IMPORT, line=1, offset=11)
    checkpoint.take_lease(world.redis, IMPORT)
    return Pusher(world.redis, IMPORT)


def test_rows_are_pushed_and_the_checkpoint_is_moved(world, pusher):
    assert pusher.push(START, AFTER, ROWS) == (Answer.PUSHED, 2)
    assert world.queued() == [f"{IMPORT}_1", f"{IMPORT}_2"]
    assert checkpoint.read(world.redis, IMPORT) == AFTER


def test_a_call_that_is_repeated_pushes_nothing_and_counts_as_done(world, pusher):
    pusher.push(START, AFTER, ROWS)
    assert pusher.push(START, AFTER, ROWS) == (Answer.DONE, 2)
    assert len(world.queued()) == 2


def test_a_dispatcher_that_is_elsewhere_in_the_file_pushes_nothing(world, pusher):
    pusher.push(START, AFTER, ROWS)
    behind = Checkpoint(1, 2, 30, 0)
    assert pusher.push(behind, Checkpoint(3, 4, 70, 0), ROWS)[0] is Answer.LOST
    assert len(world.queued()) == 2
    assert checkpoint.read(world.redis, IMPORT) == AFTER


def test_without_a_checkpoint_nothing_is_pushed_and_none_is_made(world, pusher):
    checkpoint.take(world.redis, IMPORT)
    assert pusher.push(START, AFTER, ROWS)[0] is Answer.LOST
    assert world.queued() == []
    assert checkpoint.read(world.redis, IMPORT) is None


def test_a_checkpoint_is_made_once(world, pusher):
    pusher.push(START, AFTER, ROWS)
    assert not checkpoint.create(world.redis, IMPORT, line=1, offset=11)
    assert checkpoint.read(world.redis, IMPORT) == AFTER


def test_a_pushed_row_renews_the_lease_of_its_dispatcher(world, pusher):
    world.redis.pexpire(keys.lease(IMPORT), 1000)
    pusher.push(START, AFTER, ROWS)
    assert world.redis.pttl(keys.lease(IMPORT)) > 1000


def test_a_dispatcher_whose_lease_is_gone_pushes_nothing_until_it_has_looked(world, pusher):
    checkpoint.drop_lease(world.redis, IMPORT)
    assert not checkpoint.renew_lease(world.redis, IMPORT)
    assert pusher.push(START, AFTER, ROWS) == (Answer.UNLEASED, 0)
    assert world.queued() == []
    checkpoint.take_lease(world.redis, IMPORT)
    assert pusher.push(START, AFTER, ROWS) == (Answer.PUSHED, 2)


def test_a_block_without_new_rows_still_moves_the_checkpoint(world, pusher):
    assert pusher.push(START, AFTER, []) == (Answer.PUSHED, 0)
    assert checkpoint.read(world.redis, IMPORT) == AFTER


def test_rq_reads_a_row_job_as_it_reads_its_own(world, pusher):
    pusher.push(START, AFTER, ROWS)
    job = Job.fetch(f"{IMPORT}_1", connection=world.redis, serializer=JSONSerializer)
    assert job.func_name == "jobs.rows.alone.import_row"
    assert job.args == [2, IMPORT, 1, 2, ["a@example.com", "Ann"], None]
    assert (job.origin, job.get_status(), job.timeout) == (LOW, JobStatus.QUEUED, job.timeout)
    assert world.low.get_job_ids() == [f"{IMPORT}_1", f"{IMPORT}_2"]


def test_the_fields_of_a_row_job_are_those_that_rq_itself_writes(world, pusher):
    pusher.push(START, AFTER, ROWS)
    own = Job.create("jobs.rows.alone.import_row", connection=world.redis, serializer=JSONSerializer, origin=LOW)
    ours = {name.decode() for name in world.redis.hkeys(f"rq:job:{IMPORT}_1")}
    assert ours <= set(own.to_dict()) | {"status"}


def test_no_cell_gets_into_the_description_of_a_job(world, pusher):
    pusher.push(START, AFTER, ROWS)
    fields = world.redis.hgetall(f"rq:job:{IMPORT}_1")
    assert fields[b"description"] == b"import row"
    assert [name for name, value in fields.items() if b"Ann" in value] == [b"data"]
    assert json.loads(fields[b"data"])[0] == "jobs.rows.alone.import_row"


def test_a_row_job_that_rq_itself_performs_imports_its_row(world):
    import_id = world.upload(contacts_csv([("a@example.com", "Ann"), ("b@example.com", "Bob")]))
    world.dispatch()
    world.job(import_id, 2).perform()
    assert set(world.records()) == {"b@example.com"}
    assert world.counts(import_id) == {"created": 1}


def test_a_row_job_that_fails_while_rq_itself_performs_it_names_its_row(world):
    import_id = world.upload(contacts_csv([("nonsense", "Ann")]))
    world.dispatch()
    with pytest.raises(Exception, match=r"Row 1 \(line 2\): invalid_email") as raised:
        world.job(import_id, 1).perform()
    assert "nonsense" not in str(raised.value)
    assert world.codes(import_id) == {1: "invalid_email"}
