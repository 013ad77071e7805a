"""An import may have a few seconds of work waiting, no more (docs/design.md, how a row gets there, 2)."""

import time
from dataclasses import replace

import pytest
from world import World, many_contacts

from importer import queues
from jobs.claiming import Claims
from jobs.dispatcher import run_slice
from jobs.pushing import Row
from jobs.share import FEWEST, Share
from jobs.slices import TURN_SECONDS


@pytest.fixture
def two_seconds(setting):
    setting(queued_seconds=2.0, slice_seconds=0.2)


def full_share(world: World, rows: int) -> Share:
    """The share of an import of which so many rows wait, as setting it off has allowed."""
    import_id = world.upload(many_contacts(rows)[0])
    world.dispatch()
    return Share(world.redis, import_id, replace(world.services.settings, queued_seconds=2.0))


def test_without_a_worker_a_slice_pushes_few_rows_and_those_that_follow_none(world, two_seconds):
    import_id = world.upload(many_contacts(500)[0])
    for _ in range(3):
        world.run_slice(import_id)
        assert len(world.queued()) == FEWEST


def test_rows_that_redis_has_lost_do_not_count_as_waiting(world, two_seconds):
    import_id = world.upload(many_contacts(500)[0])
    world.run_slice(import_id)
    queues.drop_row_jobs(world.redis, import_id, failed=False)
    world.run_slice(import_id)
    assert len(world.queued()) == FEWEST


def test_rows_of_others_take_nothing_from_a_share(world, two_seconds):
    for import_id in [world.upload(many_contacts(500)[0]) for _ in range(2)]:
        world.run_slice(import_id)
    assert len(world.queued()) == 2 * FEWEST


def test_nothing_is_pushed_until_half_of_a_full_share_has_ended(world):
    share = full_share(world, 300)
    assert not share.has_room()
    for rows in (100, 100):
        assert not share.has_room()
        Claims(world.redis, "dead").clear(world.claim(rows))
    assert share.has_room()


def test_the_share_follows_the_rate_at_which_rows_end(world):
    """900 of 1,000 in two seconds: as many may wait from now on."""
    share = full_share(world, 1000)
    assert not share.has_room()
    Claims(world.redis, "dead").clear(world.claim(900))
    time.sleep(2)
    assert share.has_room()
    assert 700 < share.rows <= 900


def test_a_share_at_most_doubles_by_one_measurement(world):
    share = full_share(world, 300)
    assert not share.has_room()
    world.work()
    assert share.has_room()
    assert share.rows == 600


def test_the_share_never_exceeds_the_whole_queue(world, setting):
    setting(max_queued_rows=500)
    share = full_share(world, 300)
    assert not share.has_room()
    world.work()
    assert share.has_room()
    assert share.rows == 500


def test_large_rows_fill_a_share_by_their_size(world, setting):
    setting(max_queued_bytes=150_000)
    share = full_share(world, 300)
    assert not share.has_room()
    world.work()
    assert share.has_room()
    assert share.limit == share.rows == 600
    share.pushed([Row(1, "x" * 1000)] * 149)
    assert share.limit == 150
    assert share.has_room()


def test_a_slice_that_waits_gives_way_to_another_import(world, setting):
    setting(slice_seconds=30.0, queued_seconds=2.0)
    first, second = (world.upload(many_contacts(500)[0]) for _ in range(2))
    queues.drop_slices(world.redis, first, failed=False)
    began = time.monotonic()
    run_slice(queues.ARGUMENTS_VERSION, first)
    assert TURN_SECONDS <= time.monotonic() - began < 3 * TURN_SECONDS
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
