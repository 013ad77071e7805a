"""Rows whose processing ends their worker: such a row fails alone, after three tries, its neighbours do not."""

import pytest
from samples import deposits, spoilt
from waiting import wait_until

from importer.queue import keys


@pytest.mark.parametrize(("act", "status"), [("exit", 9), ("die", -9)], ids=["os._exit", "the kernel's SIGKILL"])
def test_a_row_that_kills_its_workers_fails_alone_after_three_tries(scene, act, status):
    (import_id,) = scene.begin(spoilt(deposits(300), 120, act, "worker_died"), workers=2)
    deaths = []

    def look() -> bool:
        dead = [worker for worker in scene.crew.workers if not worker.running]
        deaths.extend(worker.status for worker in dead)
        if dead:
            orphans = scene.world.claims_of(import_id, 120)
            scene.world.redis.zadd(keys.CLAIMS, dict.fromkeys(orphans, 1), xx=True)  # their lease has lapsed
        scene.crew.tend()
        return scene.is_over()

    wait_until(look, "every import is completed")
    assert deaths == [status] * 4  # one with its neighbours, three alone
    scene.assert_ends_as_undisturbed()
    assert "ended its worker 3 times" in scene.world.failed_rows(import_id)[120].message


def test_a_row_that_needs_more_memory_than_there_is_fails_alone_and_at_once(scene):
    scene.begin(spoilt(deposits(300), 120, "outgrow 4000", "save_raised"))
    scene.assert_ends_as_undisturbed()
    assert scene.crew.restarts == 0
