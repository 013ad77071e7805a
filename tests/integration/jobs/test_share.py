"""An import may have a few seconds of work waiting, no more (docs/design.md, the way of a row, 2)."""

import time
from types import SimpleNamespace

import pytest
from world import World, contacts_csv, many_contacts

from importer.queue import queues
from jobs.dispatcher import share
from jobs.dispatcher.pusher import ROWS_PER_PUSH
from jobs.dispatcher.run import run_slice
from jobs.dispatcher.share import FIRST_ROWS, Share


@pytest.fixture
def two_seconds(setting):
    setting(queued_seconds=2.0, slice_seconds=0.2)


@pytest.fixture
def clock(monkeypatch):
    """What the share's clock says: `clock.now`."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(share, "time", SimpleNamespace(time=lambda: clock.now))
    return clock


def full_share(world: World, rows: int) -> Share:
    """The share of an import of which so many rows wait, as setting it off has allowed."""
    import_id = world.upload(many_contacts(rows)[0])
    world.dispatch()
    return measured(share_of(world, import_id))


def share_of(world: World, import_id: str) -> Share:
    return Share(world.redis, import_id, world.services.settings.model_copy(update={"queued_seconds": 2.0}))


def measured(share: Share) -> Share:
    share.measure()
    return share


def let_rows_go(world: World, rows: int) -> None:
    world.claim(rows)


def test_without_a_worker_a_slice_pushes_few_rows_and_those_that_follow_none(world, two_seconds):
    import_id = world.upload(many_contacts(500)[0])
    for _ in range(3):
        world.run_slice(import_id)
        assert len(world.queued()) == FIRST_ROWS


def test_rows_that_redis_has_lost_do_not_count_as_waiting(world, two_seconds):
    import_id = world.upload(many_contacts(500)[0])
    world.run_slice(import_id)
    queues.drop_row_jobs(world.redis, import_id, failed=False)
    world.run_slice(import_id)
    assert len(world.queued()) >= FIRST_ROWS


def test_rows_of_others_take_nothing_from_a_share(world, two_seconds):
    for import_id in [world.upload(many_contacts(500)[0]) for _ in range(2)]:
        world.run_slice(import_id)
    assert len(world.queued()) == 2 * FIRST_ROWS


def test_nothing_is_pushed_until_half_of_a_full_share_is_claimed(world):
    share = full_share(world, 300)
    assert not share.room
    let_rows_go(world, 100)
    assert not measured(share).room
    let_rows_go(world, 100)
    assert measured(share).room


def test_rows_that_a_worker_holds_take_no_room(world):
    """Or an import of slow rows would leave workers without any."""
    share = full_share(world, 300)
    world.claim(300)
    assert measured(share).room


def test_the_share_follows_the_rate_at_which_rows_are_claimed(world, clock):
    share = full_share(world, 1000)
    let_rows_go(world, 900)
    clock.now += 3
    assert measured(share).limit == 600  # 300 a second, for two seconds


def test_a_share_at_most_doubles_by_one_measurement(world, clock):
    share = full_share(world, 300)
    let_rows_go(world, 299)
    clock.now += 0.1
    assert measured(share).limit == 600


def test_a_share_that_was_all_used_up_meanwhile_doubles(world, clock):
    """It had no turn for long: how quick its rows are, is not known, but that they might have been more is."""
    share = full_share(world, 300)
    let_rows_go(world, 300)
    clock.now += 1000
    assert measured(share).limit == 600


def test_the_share_never_exceeds_the_whole_queue(world, setting):
    setting(max_queued_rows=500)
    share = full_share(world, 300)
    let_rows_go(world, 300)
    assert measured(share).limit == 500


def test_the_next_slice_begins_with_what_was_learnt(world, clock):
    first = full_share(world, 1000)
    first.hand_on()
    let_rows_go(world, 900)
    clock.now += 3
    second = measured(share_of(world, first._id))
    assert second.limit == 600
    assert second.room == 600 - 100


def test_an_import_that_could_fill_the_queue_is_measured_anew_by_the_next_slice(world, setting, clock):
    setting(max_queued_rows=500)
    first = full_share(world, 300)
    let_rows_go(world, 200)
    assert measured(first).limit == 500
    first.hand_on()
    second = share_of(world, first._id)
    assert second.limit == 250


def test_no_more_rows_are_pushed_than_there_is_room_for(world, clock):
    share = full_share(world, 1000)
    let_rows_go(world, 500)
    clock.now += 2
    assert measured(share).limit == 500
    let_rows_go(world, 130)
    clock.now += 0.5
    assert measured(share).room == 0  # it is full again: 500 of 500
    let_rows_go(world, 130)
    clock.now += 0.5
    assert measured(share).limit == 500 + 20
    assert share.room == 520 - 240


@pytest.mark.parametrize("seconds", [0.0, 2.0])
def test_large_rows_fill_a_share_by_their_size(world, setting, seconds):
    setting(max_queued_bytes=150_000, queued_seconds=seconds, slice_seconds=0.2)
    import_id = world.upload(contacts_csv([(f"a{n}@example.com", "x" * 1000) for n in range(900)]))
    for _ in range(3):
        world.run_slice(import_id)
        assert len(world.queued()) == ROWS_PER_PUSH  # of the first block no size was known
    let_rows_go(world, 190)
    world.run_slice(import_id)
    assert 10 < len(world.queued()) <= 150_000 // 1080


def test_a_slice_that_waits_gives_way_to_another_import(world, setting):
    setting(slice_seconds=30.0, queued_seconds=2.0)
    first, second = (world.upload(many_contacts(500)[0]) for _ in range(2))
    queues.drop_slices(world.redis, first, failed=False)
    began = time.monotonic()
    run_slice(queues.ARGUMENTS_VERSION, first)
    assert time.monotonic() - began < 15  # half of what the slice had
    assert [queues.import_of(job_id) for job_id in world.high.job_ids] == [second, first]


def test_a_small_file_does_not_wait_for_a_slow_one(world, processes):
    """The slow one has 60 s of work; dispatched as a whole it would be before the small one."""
    slow = world.upload("owner,amount,act\n" + "".join(f"o{n},{n},sleep 0.01\n" for n in range(6000)), "deposits")
    processes.dispatcher(QUEUED_SECONDS="2")
    processes.worker()
    world.wait_for(slow, "running")
    time.sleep(2)
    began = time.monotonic()
    small = world.upload(many_contacts(50)[0])
    world.wait_for(small, "completed", seconds=15)
    assert time.monotonic() - began < 8
    assert world.find(slow).ended_rows < 3000
