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

from importer.checkpoint import LEASE_MILLISECONDS, Checkpoint, checkpoint_key, lease_key
from importer.queues import JOB_PREFIXES, LOW, queue_named, row_job_id
from jobs.row_job import constant_fields

PUSH_ROWS = """
local checkpoint, lease, queue = KEYS[1], KEYS[2], KEYS[3]
local expected, row, line, offset = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local lease_milliseconds, job_prefix, id_prefix = ARGV[5], ARGV[6], ARGV[7]
local constants = cjson.decode(ARGV[8])

local current = redis.call('HGET', checkpoint, 'row')
if current ~= expected then
    if current == row then return {'done', redis.call('LLEN', queue)} end
    return {'lost', 0}
end
local ids = {}
for argument = 9, #ARGV, 2 do
    local id = id_prefix .. ARGV[argument]
    redis.call('HSET', job_prefix .. id, 'data', ARGV[argument + 1], unpack(constants))
    ids[#ids + 1] = id
end
local length
if #ids > 0 then length = redis.call('RPUSH', queue, unpack(ids)) else length = redis.call('LLEN', queue) end
redis.call('SET', lease, 1, 'PX', lease_milliseconds)
redis.call('HSET', checkpoint, 'row', row, 'line', line, 'offset', offset)
return {'pushed', length}
"""

PUSH_RETRIES = """
local queue, failed = KEYS[1], KEYS[2]
local job_prefix, result_prefix, id_prefix = ARGV[1], ARGV[2], ARGV[3]
local constants = cjson.decode(ARGV[4])
for argument = 5, #ARGV, 2 do
    local id = id_prefix .. ARGV[argument]
    local status = redis.call('HGET', job_prefix .. id, 'status')
    if status ~= 'queued' and status ~= 'started' then
        redis.call('DEL', job_prefix .. id, result_prefix .. id)
        redis.call('ZREM', failed, id)
        redis.call('HSET', job_prefix .. id, 'data', ARGV[argument + 1], unpack(constants))
        redis.call('RPUSH', queue, id)
    end
end
return redis.call('LLEN', queue)
"""

ROWS_AT_ONCE = 200
"""Rows of one call: 100 to 300 were measured to do best; more than about 8,000 values break `unpack`."""

BYTES_AT_ONCE = 400_000
"""Rows differ in size; one call must not hold Redis up."""


class Answer(StrEnum):
    """What the script found."""

    PUSHED = "pushed"
    DONE = "done"
    """The checkpoint stands where this call would have put it: the reply was lost, or a twin was faster."""
    LOST = "lost"
    """Another dispatcher is elsewhere in the file, or the import has ended: leave."""


class Row(NamedTuple):
    """A row number, and the data of its job."""

    row_number: int
    data: bytes


class Pusher:
    """Pushes the rows of one import."""

    def __init__(self, redis: Redis, import_id: str) -> None:
        self._queue = queue_named(LOW, redis)
        self._push = redis.register_script(PUSH_ROWS)
        self._retry = redis.register_script(PUSH_RETRIES)
        self._import_id = import_id
        fields = constant_fields(redis)
        self._constants = json.dumps([text for item in fields.items() for text in item])
        redis.sadd(self._queue.redis_queues_keys, self._queue.key)

    def push(self, before: Checkpoint, after: Checkpoint, rows: Sequence[Row]) -> tuple[Answer, int]:
        """Push rows and move the checkpoint from `before` to `after`, or do neither.

        Returns:
            The answer, and how many row jobs then wait on `low`.
        """
        answer, length = cast(
            tuple[bytes, int],
            self._push(
                keys=[checkpoint_key(self._import_id), lease_key(self._import_id), self._queue.key],
                args=[
                    before.row_number,
                    after.row_number,
                    after.line_number,
                    after.offset,
                    LEASE_MILLISECONDS,
                    JOB_PREFIXES[0],
                    row_job_id(self._import_id, 0)[:-1],
                    self._constants,
                    *(value for row in rows for value in row),
                ],
            ),
        )
        return Answer(answer.decode()), length

    def push_retries(self, rows: Sequence[Row]) -> int:
        """Make the jobs of failed rows anew, save those that are queued already; return the length of `low`."""
        keys = [self._queue.key, FailedJobRegistry(queue=self._queue).key]
        prefixes = [*JOB_PREFIXES, row_job_id(self._import_id, 0)[:-1]]
        return cast(
            int,
            self._retry(keys=keys, args=[*prefixes, self._constants, *(value for row in rows for value in row)]),
        )

    def queue_length(self) -> int:
        """How many row jobs wait on `low`."""
        return self._queue.connection.llen(self._queue.key)
