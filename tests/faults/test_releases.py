"""Jobs that another release has enqueued."""

from releases import push_slice, write_row_job
from samples import people

from importer.queue import queues


def test_an_import_that_release_1_has_enqueued_is_finished_by_this_one(scene):
    """Its queued rows, and a slice of its dispatcher, whose function has moved: recovery enqueues another."""
    world, sample = scene.world, people(500, keys=100)
    import_id = scene.upload(sample)
    world.dispatch()
    for row in range(1, 101):
        write_row_job(world, import_id, row, version=1, cells=world.job(import_id, row).args[4])
    queues.drop_slices(world.redis, import_id, failed=False)
    push_slice(world, import_id, version=1)
    scene.begin()
    scene.assert_ends_as_undisturbed()


def test_jobs_of_a_release_to_come_go_back_to_the_queue_and_fail_no_row(scene):
    """Workers of both releases run during a deploy."""
    world, sample = scene.world, people(500, keys=100)
    import_id = scene.upload(sample)
    world.dispatch()
    now = {row: world.redis.hget(f"rq:job:{import_id}_{row}", "data") for row in range(1, 21)}
    for row in now:
        write_row_job(world, import_id, row, version=99, cells=world.job(import_id, row).args[4])
    push_slice(world, import_id, version=99)
    scene.begin(workers=1)
    said = (
        f"job {import_id}_1: A row job has arguments of version 99. It is put back for a worker of that release."
    )
    scene.crew.wait_until(lambda: said in scene.crew.workers[0].log_tail(), "it says why")
    said = f"slice of import {import_id} has arguments of version 99; put back"
    scene.crew.wait_until(lambda: said in scene.crew.dispatchers[0].log_tail(), "the dispatcher does, too")
    scene.crew.wait_until(lambda: world.find(import_id).ended_rows == 480, "the other rows have ended")
    assert set(world.codes(import_id)) == set(sample.failed)
    scene.crew.stop()
    for row, data in now.items():  # as if that release had never been
        world.redis.hset(f"rq:job:{import_id}_{row}", "data", data)
    queues.drop_slices(world.redis, import_id, failed=False)
    scene.assert_ends_as_undisturbed()
