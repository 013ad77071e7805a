"""Jobs as another release writes them. What release 1 wrote stands here as it wrote it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from world import World

from importer.queue import queues

ROW_JOB = {
    "created_at": "2026-11-24T02:00:00.000000Z",
    "origin": "low",
    "description": "import row",
    "timeout": "180",
    "status": "queued",
}
ROW_DATA = '["jobs.row_job.import_row",null,[{version},"{import_id}",{row},{line},{cells},null],{{}}]'
SLICE_DATA = '["{function}",null,[{version},"{import_id}"],{{}}]'


def write_row_job(world: World, import_id: str, row: int, *, version: int, cells: Sequence[str]) -> str:
    """Write the job of a row, or write it anew; return its id."""
    data = ROW_DATA.format(version=version, import_id=import_id, row=row, line=row + 1, cells=json.dumps(cells))
    return _write(world, "low", f"{import_id}_{row}", data)


def push_slice(world: World, import_id: str, *, version: int) -> None:
    """Put a slice of this import on `high`."""
    function = "jobs.dispatcher.run_slice" if version == 1 else queues.SLICE_FUNCTION
    data = SLICE_DATA.format(function=function, version=version, import_id=import_id)
    world.high.push_job_id(_write(world, "high", f"{import_id}-0123abcd", data))


def _write(world: World, queue: str, job_id: str, data: str) -> str:
    world.redis.hset(f"rq:job:{job_id}", mapping={**ROW_JOB, "origin": queue, "data": data})
    return job_id
