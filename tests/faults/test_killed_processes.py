"""Dispatchers and workers killed, replaced and frozen at random moments."""

import random
import signal

import pytest
from samples import deposits, people
from waiting import wait_until

from importer.queue import keys

KILLS = 20


@pytest.mark.parametrize("victims", ["dispatchers", "workers"])
def test_twenty_kills_at_random_moments_neither_lose_nor_repeat_a_row(scene, victims):
    chance = random.Random(victims)
    scene.begin(deposits(6000), people(8000, keys=500), SLICE_SECONDS="1")
    kills = 0
    while kills < KILLS:
        scene.wait_for_rows(chance.randrange(1, 250))
        assert not scene.is_over(), f"only {kills} kills"
        chance.choice(getattr(scene.crew, victims)).kill()
        scene.world.let_leases_lapse()  # and every living one is taken for dead, too
        kills += 1
    scene.assert_ends_as_undisturbed()
    assert scene.crew.restarts == KILLS


def test_three_rolling_deploys_during_one_import_cost_no_row(scene):
    scene.begin(deposits(4000), SLICE_SECONDS="8")
    for _ in range(3):
        scene.wait_for_rows(100)
        everyone = scene.crew.everyone
        for program in everyone:
            program.send(signal.SIGTERM)
        wait_until(lambda: not any(program.running for program in everyone), "all have ended", seconds=10)  # noqa: B023
        assert {program.status for program in everyone} <= {0, -signal.SIGTERM}  # that, while it still started
        assert not scene.world.redis.zcard(keys.CLAIMS)
    assert not scene.is_over()
    scene.assert_ends_as_undisturbed()


def test_a_frozen_dispatcher_is_replaced_and_changes_nothing_when_it_wakes(scene):
    scene.begin(people(60_000, keys=2000), dispatchers=2, SLICE_SECONDS="8")
    scene.wait_for_rows(500)
    first = _at_work(scene)
    first.send(signal.SIGSTOP)
    scene.assert_goes_on("freezing one of two dispatchers", scene.dispatched_rows)
    scene.wait_for_rows(2000)
    first.send(signal.SIGCONT)
    scene.assert_ends_as_undisturbed()
    assert scene.crew.restarts == 0


def _at_work(scene):
    """The dispatcher that has a slice."""
    workers = {worker.pid: worker for worker in scene.world.workers_of("high")}
    return next(p for p in scene.crew.dispatchers if workers[p.pid].get_state() == "busy")


def test_work_goes_on_after_the_only_dispatcher_was_killed(scene):
    scene.begin(people(60_000, keys=2000), SLICE_SECONDS="8")
    scene.wait_for_rows(500)
    scene.crew.dispatchers[0].kill()
    scene.assert_goes_on("killing the only dispatcher", scene.dispatched_rows)
    scene.assert_ends_as_undisturbed()


def test_work_goes_on_after_one_of_two_dispatchers_was_killed_and_never_came_back(scene):
    scene.begin(people(60_000, keys=2000), dispatchers=2, SLICE_SECONDS="8")
    scene.wait_for_rows(500)
    killed = _at_work(scene)
    scene.crew.dispatchers.remove(killed)
    killed.kill()
    scene.assert_goes_on("killing one of two dispatchers", scene.dispatched_rows)
    scene.assert_ends_as_undisturbed()


def test_work_goes_on_after_every_worker_was_killed(scene):
    scene.begin(deposits(3000))
    scene.wait_for_rows(200)
    scene.crew.wait_until(scene.world.queued, "rows are queued")
    for worker in scene.crew.workers:
        worker.kill()
    assert not scene.is_over()
    scene.assert_goes_on("killing every worker", scene.ended_rows)
    scene.world.let_leases_lapse()  # the next test waits for a real one
    scene.assert_ends_as_undisturbed()


def test_the_rows_of_a_killed_worker_are_taken_over_by_another_that_was_idle(scene):
    """The slowest case: nothing else is queued, so that work goes on only when the claim's lease has lapsed."""
    scene.begin(deposits(40, "sleep 0.1"), workers=1, BATCH_SECONDS="5")
    scene.crew.wait_until(lambda: scene.world.redis.zcard(keys.CLAIMS), "it has taken all rows")
    assert not scene.world.queued()
    (killed,) = scene.crew.workers
    scene.crew.workers[:] = [scene.processes.worker()]
    killed.kill()
    scene.assert_goes_on("killing the worker that held the last rows", scene.ended_rows)
    scene.assert_ends_as_undisturbed()
    assert scene.crew.restarts == 0
