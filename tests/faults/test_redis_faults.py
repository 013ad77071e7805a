"""Redis gone, emptied, set back, full, and deaf."""

import pytest
from meddling import call_of, empty_the_queue
from redis.exceptions import OutOfMemoryError
from samples import deposits, people
from waiting import wait_until

from importer.health import checks


def test_a_redis_that_was_killed_and_comes_back_empty_is_filled_again(scene, servers):
    scene.begin(deposits(3000), people(6000, keys=400))
    for _ in range(3):
        scene.wait_for_rows(400)
        assert not scene.is_over()
        servers.valkey.restart()
        scene.assert_goes_on("restarting Redis empty", scene.ended_rows)
    scene.assert_ends_as_undisturbed()
    assert scene.crew.restarts == 0


def test_a_redis_that_was_set_back_to_an_older_snapshot_repeats_no_row(scene, servers):
    scene.begin(deposits(3000), people(6000, keys=400))
    scene.wait_for_rows(300)
    servers.valkey.snapshot()
    scene.wait_for_rows(2000)
    assert not scene.is_over()
    servers.valkey.set_back()
    scene.assert_goes_on("setting Redis back to an older snapshot", scene.ended_rows)
    scene.assert_ends_as_undisturbed()


def test_a_queue_that_was_emptied_by_hand_and_deleted_failed_jobs_lose_nothing(scene):
    scene.begin(deposits(3000))
    for _ in range(3):
        scene.wait_for_rows(200)
        empty_the_queue(scene.world)
    scene.assert_ends_as_undisturbed()


CALLS = {script: call_of(script) for script in ("push", "claim", "end", "give back")} | {"read": b"SORT_RO"}


@pytest.mark.parametrize("call", CALLS)
def test_a_lost_reply_of_a_call_costs_nothing(scene, redis_proxy, call):
    """The client cannot know that it was carried out, and has it carried out again."""
    scene.begin(deposits(1500), SLICE_SECONDS="1")
    for losses in range(1, 4):
        redis_proxy.lose_reply_to(CALLS[call])
        scene.crew.wait_until(lambda n=losses: redis_proxy.lost == n, "a reply was lost")
    scene.assert_ends_as_undisturbed(seconds=15)  # sooner than any lease of a claim lapses
    assert scene.crew.restarts == 0


def test_a_full_redis_makes_the_import_wait_and_say_why_until_there_is_room(scene):
    redis = scene.world.redis
    scene.begin(deposits(1500), people(6000, keys=400))
    scene.wait_for_rows(200)
    try:
        redis.config_set("maxmemory", 1)
        wait_until(lambda: any("Redis is full" in p.log_tail() for p in scene.crew.everyone), "it is noticed")
        with pytest.raises(OutOfMemoryError):
            list(checks.check_redis(scene.world.services))
        scene.crew.wait_until(lambda: not scene.world.queued() or scene.is_over(), "what is queued is worked off")
    finally:
        redis.config_set("maxmemory", 0)
    scene.assert_ends_as_undisturbed()
    assert scene.crew.restarts == 0
