"""Pushes rows to `low` and moves the checkpoint, in one script (docs/design.md, rule 1).

A Lua error does not undo what the script did before it, so the checkpoint is moved by its last command.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, cast

from redis import Redis
from rq.registry import FailedJobRegistry

from importer.queue import keys
from importer.queue.checkpoint import Checkpoint
from importer.queue.queues import LOW, queue_named, row_job_id
from importer.queue.scripts import script
from importer.time_limits import DISPATCHER_LEASE_SECONDS
from jobs.rows.job import constant_fields

ROWS_PER_PUSH = 200
"""Rows of one call: 100 to 300 were measured to do best; more than about 8,000 values break `unpack`."""

BYTES_PER_PUSH = 400_000
"""Rows differ in size; one call must not hold Redis up."""


class Answer(StrEnum):
    """What the script found."""

    PUSHED = "pushed"
    DONE = "done"
    """The checkpoint stands where this call would have put it: the reply was lost, or a twin was faster."""
    LOST = "lost"
    """Another dispatcher is elsewhere in the file, or the import has ended: leave."""
    UNLEASED = "unleased"
    """The lease is gone: look at the import, take the lease again and repeat the call, or leave."""


class Row(NamedTuple):
    """A row number, and the data of its job."""

    row_number: int
    data: bytes


class Pusher:
    """Pushes the rows of one import."""

    def __init__(self, redis: Redis, import_id: str) -> None:
        self._queue = queue_named(LOW, redis)
        self._push = script(redis, "push_rows")
        self._retry = script(redis, "push_retries")
        self._import_id = import_id
        fields = constant_fields(redis)
        self._constants = json.dumps([text for item in fields.items() for text in item])
        redis.sadd(self._queue.redis_queues_keys, self._queue.key)

    def push(self, before: Checkpoint, after: Checkpoint, rows: Sequence[Row]) -> tuple[Answer, int]:
        """Push rows, or none, and move the checkpoint from `before` to `after`, or do neither.

        Returns:
            The answer, and how many row jobs then wait on `low`.
        """
        answer, length = cast(
            tuple[bytes, int],
            self._push(
                keys=[keys.checkpoint(self._import_id), keys.lease(self._import_id), self._queue.key],
                args=[
                    before.offset,
                    after.row_number,
                    after.line_number,
                    after.offset,
                    int(after.is_within_line),
                    after.blank_rows,
                    after.short_rows,
                    DISPATCHER_LEASE_SECONDS * 1000,
                    keys.JOB_PREFIXES[0],
                    row_job_id(self._import_id, 0)[:-1],
                    self._constants,
                    _numbers(rows),
                    *(row.data for row in rows),
                ],
            ),
        )
        return Answer(answer.decode()), length

    def push_retries(self, rows: Sequence[Row]) -> int:
        """Make the jobs of failed rows anew, save those that are queued already; return the length of `low`."""
        places = [self._queue.key, FailedJobRegistry(queue=self._queue).key]
        prefixes = [*keys.JOB_PREFIXES, row_job_id(self._import_id, 0)[:-1]]
        return cast(
            int,
            self._retry(keys=places, args=[*prefixes, self._constants, *(value for row in rows for value in row)]),
        )

    def queue_length(self) -> int:
        """How many row jobs wait on `low`."""
        return self._queue.connection.llen(self._queue.key)


def _numbers(rows: Sequence[Row]) -> str:
    """Of a run of rows, as nearly every block is, the first number; else all of them."""
    if rows and rows[-1].row_number - rows[0].row_number == len(rows) - 1:
        return str(rows[0].row_number)
    return json.dumps([row.row_number for row in rows])
