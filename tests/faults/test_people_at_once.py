"""People in the middle of it: double clicks, retries and requeues at once, cancels and deletes during a run."""

import dataclasses

import pytest
from meddling import at_once, requeue_all
from samples import deposits, people

from importer.control import imports, retries
from importer.queue import queues


def test_two_dispatchers_that_are_started_for_one_import_push_each_row_once(scene):
    """No worker is there yet, so that each row that was pushed still waits."""
    settings = {"SLICE_SECONDS": "5", "MAX_QUEUED_ROWS": "50000", "QUEUED_SECONDS": "0"}
    (import_id,) = scene.begin(people(30_000, keys=1000), dispatchers=2, workers=0, **settings)
    while not scene.world.find(import_id).total_rows:
        queues.enqueue_slice(scene.world.redis, import_id)
        scene.crew.wait_until(lambda: len(scene.world.high.job_ids) < 2, "both are at work")
    assert scene.world.queued_rows() == list(range(1, 30_001))
    scene.crew.workers.append(scene.processes.worker())
    scene.assert_ends_as_undisturbed()


def test_every_failed_row_retried_and_requeued_twice_at_once_fails_or_succeeds_once(scene):
    sample = deposits(1000)
    (import_id,) = scene.begin(sample)
    world = scene.world
    retry, requeue = lambda: world.verb(retries.retry, import_id), lambda: requeue_all(world)
    scene.wait_for_rows(200)
    for _ in range(3):  # during the run
        at_once(retry, requeue, retry, requeue)
        scene.wait_for_rows(50)
    scene.crew.wait_until(scene.is_over, "it is completed")
    at_once(retry, requeue, retry, requeue)  # after it: still wrong
    scene.crew.wait_until(lambda: not world.retrying(import_id), "every row was tried again")
    accept = "regexp_replace(cells, '\"reject\"', '\"\"')"
    world.execute(f"UPDATE failed_rows SET cells = {accept}")  # noqa: S608
    at_once(retry, requeue, retry, requeue)  # and now right, but not in the jobs that RQ keeps
    scene.crew.wait_until(lambda: not world.retrying(import_id), "every row was tried again")
    at_once(retry, retry)
    scene.crew.wait_until(lambda: not world.failed_rows(import_id), "every row is imported")
    repaired = sample.balances.copy()
    for row in sample.failed:
        repaired[f"o{row // 10}"] += row
    scene.imports[import_id] = dataclasses.replace(sample, balances=repaired, failed={})
    scene.assert_ends_as_undisturbed()


@pytest.mark.parametrize("verb", [imports.cancel, imports.delete])
def test_nothing_is_written_after_an_import_was_cancelled_or_deleted_during_its_run(scene, verb):
    import_id, _ = scene.begin(deposits(3000, name="gone"), deposits(1500), SLICE_SECONDS="0.2")
    scene.wait_for_rows(300)
    scene.end(import_id, verb)
    requeue_all(scene.world)
    scene.assert_ends_as_undisturbed()
    some_were_saved = [owner for owner in scene.world.balances() if owner.startswith("gone")]
    assert 0 < len(some_were_saved) < 300
