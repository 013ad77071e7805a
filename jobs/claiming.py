"""Takes row jobs off `low` in batches, and puts back those of a worker that died (docs/design.md, rules 5 to 8).

A claim is a list of job ids with a lease in a sorted set, by Redis's own clock. In RQ's StartedJobRegistry the
jobs are entered without an end, or RQ's clean-up would turn those of a dead worker into failed jobs.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

from redis import Redis
from rq.job import Job
from rq.job_lifecycle import record_job_failure
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer
from rq.utils import utcformat

from importer.connections import KEY_PREFIX
from importer.queues import CLAIMS_KEY, FAILED_JOB_SECONDS, JOB_PREFIXES, LOW, claim_key, queue_named
from jobs.row_job import RowJob, UnknownVersionError, UnreadableJobError, decode

log = logging.getLogger(__name__)

LEASE_MILLISECONDS = 20_000
"""A worker that holds a claim for longer counts as dead; its database session ends itself before (15 s)."""

BYTES_AT_ONCE = 8 * 1024 * 1024
STUCK_SECONDS = 5
"""A job that stands between RQ's pop and the claim for so long was left there by a kill."""

TAKE = """#!lua flags=allow-oom
local queue, intermediate, started, claims, claim = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local first, limit, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local claim_id, worker, job_prefix, moment, bytes_left = ARGV[4], ARGV[5], ARGV[6], ARGV[7], tonumber(ARGV[8])
local taken, prefix = {}, nil

local function fields_of(id) return redis.call('HMGET', job_prefix .. id, 'data', 'deaths', 'timeouts') end

local function hand_out(id, fields)
    taken[#taken + 1] = {id, fields[1], fields[2] or '', fields[3] or ''}
end

local function take(id, fields)
    redis.call('HSET', job_prefix .. id, 'status', 'started', 'worker_name', worker, 'started_at', moment)
    redis.call('ZADD', started, '+inf', id .. ':' .. claim_id)
    redis.call('RPUSH', claim, id)
    hand_out(id, fields)
    bytes_left = bytes_left - #fields[1]
end

for _, id in ipairs(redis.call('LRANGE', claim, 0, -1)) do
    local fields = fields_of(id)
    if fields[1] then hand_out(id, fields) end
end
if #taken > 0 then return taken end
if first ~= '' then
    if redis.call('LREM', intermediate, 1, first) == 0 then return {} end
    local fields = fields_of(first)
    if not fields[1] then return {} end
    take(first, fields)
    prefix = string.match(first, '^[^_]*_')
    if fields[2] then limit = 1 end
end
local passed, neighbours = 0, {}
if #taken < limit then neighbours = redis.call('LRANGE', queue, 0, limit - #taken - 1) end
for _, id in ipairs(neighbours) do
    if bytes_left <= 0 then break end
    prefix = prefix or string.match(id, '^[^_]*_')
    if prefix and string.sub(id, 1, #prefix) ~= prefix then break end
    local fields = fields_of(id)
    if fields[2] and #taken > 0 then break end
    passed = passed + 1
    if fields[1] then take(id, fields) end
    if fields[2] then break end
end
if passed > 0 then redis.call('LTRIM', queue, passed, -1) end
if #taken == 0 then return {} end
local now = redis.call('TIME')
redis.call('ZADD', claims, now[1] * 1000 + math.floor(now[2] / 1000) + lease, claim_id)
return taken
"""
"""Neighbours are those of the same import. A job with a count of deaths is taken alone. A call that is repeated,
because its reply was lost, is answered as before."""

CLEAR = """#!lua flags=allow-oom
local started, claims, claim, failed = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local claim_id, job_prefix, result_prefix, release = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
for argument = 5, #ARGV do
    local id = ARGV[argument]
    redis.call('DEL', job_prefix .. id, result_prefix .. id)
    redis.call('ZREM', started, id .. ':' .. claim_id)
    redis.call('ZREM', failed, id)
end
local held = redis.call('ZSCORE', claims, claim_id)
if release == '1' then
    redis.call('ZREM', claims, claim_id)
    redis.call('DEL', claim)
end
return held and 1 or 0
"""

GIVE_BACK = """#!lua flags=allow-oom
local queue, started, claims, claim = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local claim_id, job_prefix, reason = ARGV[1], ARGV[2], ARGV[3]
if redis.call('ZREM', claims, claim_id) == 0 then return 0 end
local ids, returned = redis.call('LRANGE', claim, 0, -1), 0
redis.call('DEL', claim)
for position = #ids, 1, -1 do
    local id = ids[position]
    local key = job_prefix .. id
    local is_ours = redis.call('ZREM', started, id .. ':' .. claim_id) == 1
    if is_ours and redis.call('HGET', key, 'status') == 'started' then
        redis.call('HSET', key, 'status', 'queued')
        if reason == 'died' or reason == 'timeout' then
            redis.call('HSETNX', key, 'deaths', 0)
            if #ids == 1 then redis.call('HINCRBY', key, reason == 'died' and 'deaths' or 'timeouts', 1) end
        end
        redis.call('LPUSH', queue, id)
        returned = returned + 1
    end
end
return returned
"""
"""A job that has left the registry under this claim was failed or cleared; if it is started, then by a retry."""

PUT_BACK = """#!lua flags=allow-oom
local queue, started, claim = KEYS[1], KEYS[2], KEYS[3]
local claim_id, job_prefix = ARGV[1], ARGV[2]
for argument = 3, #ARGV do
    local id = ARGV[argument]
    if redis.call('LREM', claim, 1, id) == 1 then
        redis.call('ZREM', started, id .. ':' .. claim_id)
        redis.call('HSET', job_prefix .. id, 'status', 'queued')
        redis.call('RPUSH', queue, id)
    end
end
"""
"""Single jobs of a claim, to the back of the queue."""

EXPIRED = """
local now = redis.call('TIME')
return redis.call('ZRANGEBYSCORE', KEYS[1], 0, now[1] * 1000 + math.floor(now[2] / 1000))
"""

UNSTICK = """#!lua flags=allow-oom
local queue, intermediate, seen = KEYS[1], KEYS[2], KEYS[3]
local now, patience, job_prefix = tonumber(redis.call('TIME')[1]), tonumber(ARGV[1]), ARGV[2]
local returned = 0
local here = {}
for _, id in ipairs(redis.call('LRANGE', intermediate, 0, -1)) do
    here[id] = true
    local first = redis.call('HGET', seen, id)
    if not first then
        redis.call('HSET', seen, id, now)
    elseif now - first >= patience then
        redis.call('LREM', intermediate, 1, id)
        redis.call('HDEL', seen, id)
        if redis.call('EXISTS', job_prefix .. id) == 1 then
            redis.call('LPUSH', queue, id)
            returned = returned + 1
        end
    end
end
for _, id in ipairs(redis.call('HKEYS', seen)) do
    if not here[id] then redis.call('HDEL', seen, id) end
end
return returned
"""
"""An id whose job is gone (it was queued twice, and has ended) is dropped: RQ's pop passes over it and leaves it
there, and it would count as a queued row for ever."""


class GivenBack(StrEnum):
    """Why jobs go back to the queue."""

    UNTOUCHED = "untouched"
    """Nobody's fault: they go to the front as they were."""
    DIED = "died"
    """Their worker died: each is run alone next, and only a death while alone counts against it."""
    TIMEOUT = "timeout"
    """They took too long: each is run alone next, and only a timeout while alone counts against it."""


@dataclass(frozen=True)
class Claim:
    """Row jobs that a worker has taken together; all of one import."""

    id: str
    rows: list[RowJob]

    @property
    def import_id(self) -> str:
        return self.rows[0].import_id


class Claims:
    """Takes, clears and gives back claims on `low`."""

    def __init__(self, redis: Redis, worker_name: str) -> None:
        self._redis = redis
        self._worker_name = worker_name
        queue = queue_named(LOW, redis)
        self._queue, self._intermediate = queue.key, queue.intermediate_queue_key
        self._started = StartedJobRegistry(queue=queue).key
        self._failed = FailedJobRegistry(queue=queue).key
        self._take, self._clear = redis.register_script(TAKE), redis.register_script(CLEAR)
        self._give_back, self._put_back = redis.register_script(GIVE_BACK), redis.register_script(PUT_BACK)
        self._expired, self._unstick = redis.register_script(EXPIRED), redis.register_script(UNSTICK)

    def take(self, *, first: str = "", limit: int) -> Claim | None:
        """Claim up to `limit` row jobs of one import.

        Args:
            first: the job that RQ has popped; where it was put back meanwhile, nothing is claimed.
        """
        claim_id = secrets.token_hex(8)
        keys = [self._queue, self._intermediate, self._started, CLAIMS_KEY, claim_key(claim_id)]
        moment = utcformat(datetime.now(UTC))
        arguments: list[Any] = [
            first,
            limit,
            LEASE_MILLISECONDS,
            claim_id,
            self._worker_name,
            JOB_PREFIXES[0],
            moment,
        ]
        taken = cast(list[list[bytes]], self._take(keys=keys, args=[*arguments, BYTES_AT_ONCE]))
        return self._read(claim_id, taken) if taken else None

    def _read(self, claim_id: str, taken: list[list[bytes]]) -> Claim | None:
        rows: list[RowJob] = []
        unknown: list[str] = []
        for job_id, data, deaths, timeouts in taken:
            try:
                rows.append(decode(job_id.decode(), data, int(deaths or 0), int(timeouts or 0)))
            except UnreadableJobError as error:
                log.error("%s; it is shown among the failed jobs", error)
                self._set_aside(claim_id, job_id.decode(), data, error)
            except UnknownVersionError as error:
                log.warning("%s; put back for a worker of that release", error)
                unknown.append(job_id.decode())
        if unknown:
            keys = [self._queue, self._started, claim_key(claim_id)]
            self._put_back(keys=keys, args=[claim_id, JOB_PREFIXES[0], *unknown])
        if not rows:
            self._end(claim_id, GivenBack.UNTOUCHED)
            return None
        return Claim(claim_id, rows)

    def _set_aside(self, claim_id: str, job_id: str, data: bytes, error: Exception) -> None:
        """Fail a job that is none of ours, so that it holds up no row."""
        job = Job(job_id, connection=self._redis, serializer=JSONSerializer)
        job.data, job.origin, job.failure_ttl = data, LOW, FAILED_JOB_SECONDS
        with self._redis.pipeline() as pipeline:
            pipeline.zrem(self._started, f"{job_id}:{claim_id}")
            record_job_failure(job, f"{type(error).__name__}: {error}", pipeline)
            pipeline.execute()

    def clear(self, claim: Claim, job_ids: Sequence[str], *, release: bool) -> bool:
        """Delete the jobs of rows that have ended well, and with `release` the claim.

        Returns:
            Whether the claim was still this worker's: if not, another may be at its jobs.
        """
        keys = [self._started, CLAIMS_KEY, claim_key(claim.id), self._failed]
        return bool(self._clear(keys=keys, args=[claim.id, *JOB_PREFIXES, int(release), *job_ids]))

    def give_back(self, claim: Claim, reason: GivenBack) -> None:
        """Put what is left of a claim back on the queue, in its order."""
        self._end(claim.id, reason)

    def return_expired(self) -> int:
        """Put the jobs of dead workers back; return how many."""
        expired = cast(list[bytes], self._expired(keys=[CLAIMS_KEY]))
        return sum(self._end(claim_id.decode(), GivenBack.DIED) for claim_id in expired)

    def return_stuck(self) -> int:
        """Put back the jobs that a kill left between RQ's pop and the claim; return how many."""
        seen = f"{KEY_PREFIX}:intermediate"
        keys = [self._queue, self._intermediate, seen]
        return cast(int, self._unstick(keys=keys, args=[STUCK_SECONDS, JOB_PREFIXES[0]]))

    def _end(self, claim_id: str, reason: GivenBack) -> int:
        keys = [self._queue, self._started, CLAIMS_KEY, claim_key(claim_id)]
        arguments: list[Any] = [claim_id, JOB_PREFIXES[0], reason.value]
        return cast(int, self._give_back(keys=keys, args=arguments))
