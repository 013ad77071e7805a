"""The checkpoint and the slices' queue, on a Redis made of Python: quick enough for every order of events."""

import pytest
from fakeredis import FakeRedis
from hypothesis import given
from hypothesis import strategies as st

from importer.queue import checkpoint, keys, queues
from importer.queue.checkpoint import Checkpoint
from importer.queue.queues import LOW, queue_named
from jobs.dispatcher.pusher import Answer, Pusher, Row

ROWS_A_PUSH = 3


@pytest.fixture
def redis():
    return FakeRedis()


def test_a_checkpoint_is_made_once_and_taken_once(redis):
    assert checkpoint.create(redis, "import", line=1, offset=12, known_row=7)
    assert not checkpoint.create(redis, "import", line=0, offset=0)
    assert checkpoint.read(redis, "import") == Checkpoint(0, 1, 12, 7)
    assert checkpoint.take(redis, "import") == 0
    assert checkpoint.take(redis, "import") is None
    assert checkpoint.read(redis, "import") is None


def test_taking_the_checkpoint_ends_the_lease(redis):
    checkpoint.create(redis, "import", line=1, offset=12)
    checkpoint.take_lease(redis, "import")
    assert checkpoint.is_leased(redis, "import")
    assert 0 < redis.pttl(keys.lease("import")) <= checkpoint.DISPATCHER_LEASE_SECONDS * 1000
    checkpoint.take(redis, "import")
    assert not checkpoint.is_leased(redis, "import")


def test_a_slice_is_queued_for_its_import_alone(redis):
    queues.enqueue_slice(redis, "one")
    assert queues.is_slice_queued(redis, "one")
    assert not queues.is_slice_queued(redis, "on")
    assert not queues.is_slice_queued(redis, "two")


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["read", "push", "push again"])), max_size=40))
def test_whatever_dispatchers_do_in_whatever_order_each_row_is_pushed_once(steps):
    """Three of them, each with what it last read of the checkpoint, which may be long out of date."""
    redis = FakeRedis()
    checkpoint.create(redis, "import", line=0, offset=0)
    checkpoint.take_lease(redis, "import")
    pusher, low = Pusher(redis, "import"), queue_named(LOW, redis)
    known: dict[int, Checkpoint] = dict.fromkeys(range(3), Checkpoint(0, 0, 0))
    for dispatcher, act in steps:
        before = known[dispatcher]
        after = before.moved_to(*(value + ROWS_A_PUSH for value in before[:3]))
        rows = [Row(number, "data") for number in range(before.row_number + 1, after.row_number + 1)]
        if act == "read":
            known[dispatcher] = checkpoint.read(redis, "import")
        elif pusher.push(before, after, rows)[0] is not Answer.LOST and act == "push":
            known[dispatcher] = after
    reached = checkpoint.read(redis, "import")
    assert low.job_ids == [f"import_{number}" for number in range(1, reached.row_number + 1)]
