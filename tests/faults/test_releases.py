"""Jobs that another release has enqueued. What release 1 wrote stands here as it wrote it."""

import json

from rq.job import Job
from rq.serializers import JSONSerializer
from samples import people

from importer import queues
from importer.queues import HIGH, LOW

ROW_JOB = {
    "created_at": "2026-11-24T02:00:00.000000Z",
    "origin": "low",
    "description": "import row",
    "timeout": "180",
    "status": "queued",
}
ROW_DATA = '["jobs.row_job.import_row",null,[{version},"{import_id}",{row},{line},{cells},null],{{}}]'
SLICE_DATA = '["jobs.dispatcher.run_slice",null,[{version},"{import_id}"],{{}}]'


def test_an_import_that_release_1_has_enqueued_is_finished_by_this_one(scene):
    """Its queued rows, and a slice of its dispatcher."""
    world, sample = scene.world, people(500, keys=100)
    import_id = scene.upload(sample)
    world.dispatch()
    for row in range(1, 101):
        _write(world, LOW, f"{import_id}_{row}", ROW_DATA, import_id=import_id, row=row, line=row + 1)
    queues.drop_slices(world.redis, import_id, failed=False)
    _write(world, HIGH, f"{import_id}-0123abcd", SLICE_DATA, import_id=import_id)
    world.high.push_job_id(f"{import_id}-0123abcd")
    scene.begin()
    scene.assert_ends_as_undisturbed()


def test_jobs_of_a_release_to_come_go_back_to_the_queue_and_fail_no_row(scene):
    """Workers of both releases run during a deploy."""
    world, sample = scene.world, people(500, keys=100)
    import_id = scene.upload(sample)
    world.dispatch()
    now = {row: world.redis.hget(f"rq:job:{import_id}_{row}", "data") for row in range(1, 21)}
    for row in now:
        _write(world, LOW, f"{import_id}_{row}", ROW_DATA, version=2, import_id=import_id, row=row, line=row + 1)
    _write(world, HIGH, f"{import_id}-0123abcd", SLICE_DATA, version=2, import_id=import_id)
    world.high.push_job_id(f"{import_id}-0123abcd")
    scene.begin(workers=1)
    said = f"row job {import_id}_1 has arguments of version 2; put back for a worker of that release"
    scene.crew.wait_until(lambda: said in scene.crew.workers[0].log_tail(), "it says why")
    said = f"slice of import {import_id} has arguments of version 2; put back"
    scene.crew.wait_until(lambda: said in scene.crew.dispatchers[0].log_tail(), "the dispatcher does, too")
    scene.crew.wait_until(lambda: world.find(import_id).ended_rows == 480, "the other rows have ended")
    assert set(world.codes(import_id)) == set(sample.failed)
    scene.crew.stop()
    for row, data in now.items():  # as if that release had never been
        world.redis.hset(f"rq:job:{import_id}_{row}", "data", data)
    queues.drop_slices(world.redis, import_id, failed=False)
    scene.assert_ends_as_undisturbed()


def _write(world, queue, job_id, data, *, version=1, row=0, **values) -> None:
    cells = "[]"
    if row:
        cells = json.dumps(Job.fetch(job_id, connection=world.redis, serializer=JSONSerializer).args[4])
    written = data.format(version=version, row=row, cells=cells, **values)
    world.redis.hset(f"rq:job:{job_id}", mapping={**ROW_JOB, "origin": queue, "data": written})
