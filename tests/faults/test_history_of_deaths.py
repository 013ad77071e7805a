"""The history tells of processes that were killed, and ends in one completion."""

from samples import people
from waiting import wait_until

from importer.lifecycle.events import events_of


def kinds(world, import_id):
    with world.session() as session:
        lines, _ = events_of(session, world.find(import_id), limit=1000)
    return [line.kind for line in reversed(lines)]


def test_a_worker_that_is_killed_is_told_and_the_import_completes_once(scene):
    (import_id,) = scene.begin(people(60_000, keys=2000), SLICE_SECONDS="1")
    scene.wait_for_rows(500)
    while "worker_died" not in kinds(scene.world, import_id) and not scene.is_over():
        for worker in scene.crew.workers:  # both: of one alone the rows may be the other's
            worker.kill()
        scene.world.let_leases_lapse()
        scene.wait_for_rows(50)
    wait_until(scene.is_over, "all have ended", seconds=120)
    told = kinds(scene.world, import_id)
    assert told[:2] == ["uploaded", "running"]
    assert told.count("worker_died") >= 1
    assert told.count("completed") == 1
    scene.assert_ends_as_undisturbed()
