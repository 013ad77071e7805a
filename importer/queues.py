"""The RQ queues: the one module besides `jobs/` that enqueues; `importer.web.rq_dashboard` only shows.

Jobs are stored as JSON, never pickled. A slice of the dispatcher has the id `<import id>-<random>`, a row job
`<import id>_<row number>`; so whose job it is can be read off its id.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import cast

from redis import Redis
from rq import Queue
from rq.defaults import RQ_KEY_PREFIX
from rq.executions import ExecutionRegistry
from rq.job import Job
from rq.registry import BaseRegistry, FailedJobRegistry, StartedJobRegistry
from rq.results import Result
from rq.serializers import JSONSerializer
from rq.utils import utcparse
from rq.worker_registration import get_keys

from importer.connections import KEY_PREFIX

HIGH = "high"
"""Dispatcher slices."""

LOW = "low"
"""Row jobs."""

ARGUMENTS_VERSION = 1
"""Version of the jobs' arguments: code that does not know it puts a job back instead of failing it."""

SLICE_FUNCTION = "jobs.dispatcher.run_slice"
SLICE_TIMEOUT = 600
FAILED_JOB_SECONDS = 7 * 24 * 3600
"""So long RQ shows a failed job, of a slice or of a row."""

ALIVE_SECONDS = 30
"""A worker that has not said so for longer counts as dead: batches and slices take a few seconds."""

CLAIMS_KEY = f"{KEY_PREFIX}:claims"
"""Sorted set of claims by the moment their lease ends (milliseconds of Redis's own clock)."""

JOB_PREFIXES = (Job.key_for(""), Result.get_key(""))
"""What RQ keeps of every job, by job id."""

EXECUTION_PREFIXES = (f"{RQ_KEY_PREFIX}:execution:", ExecutionRegistry.key_template.format(""))
"""What RQ keeps of a job at work, by registry member and by job id."""

DROP_QUEUED = """#!lua flags=allow-oom
for _, list in ipairs(KEYS) do
    local kept = {}
    for _, id in ipairs(redis.call('LRANGE', list, 0, -1)) do
        if string.sub(id, 1, #ARGV[1]) == ARGV[1] then
            redis.call('DEL', ARGV[2] .. id, ARGV[3] .. id)
        else
            kept[#kept + 1] = id
        end
    end
    redis.call('DEL', list)
    for first = 1, #kept, 5000 do
        redis.call('RPUSH', list, unpack(kept, first, math.min(first + 4999, #kept)))
    end
end
"""

COUNT_ROWS = """
local low, intermediate, claims = KEYS[1], KEYS[2], KEYS[3]
local prefix, claim_prefix, with_claimed = ARGV[1], ARGV[2], ARGV[3] == '1'
local count = 0
local function count_in(list)
    for _, id in ipairs(redis.call('LRANGE', list, 0, -1)) do
        if string.sub(id, 1, #prefix) == prefix then count = count + 1 end
    end
end
count_in(low)
count_in(intermediate)
if with_claimed then
    for _, claim_id in ipairs(redis.call('ZRANGE', claims, 0, -1)) do count_in(claim_prefix .. claim_id) end
end
return count
"""
"""At one moment: between two calls a claim may be given back, and its rows would be seen in neither place."""

DROP_REGISTERED = """
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    if string.sub(member, 1, #ARGV[1]) == ARGV[1] then
        local id = string.match(member, '^[^:]+')
        redis.call('ZREM', KEYS[1], member)
        redis.call('DEL', ARGV[2] .. id, ARGV[3] .. id, ARGV[4] .. member, ARGV[5] .. id)
    end
end
"""


def queue_named(name: str, redis: Redis) -> Queue:
    return Queue(name, connection=redis, serializer=JSONSerializer)


def row_job_id(import_id: str, row_number: int) -> str:
    """The id of a row's job: always the same, so that whoever makes it again makes the same job."""
    return f"{import_id}_{row_number}"


def import_of(job_id: str) -> str:
    """The id of the import that a job belongs to."""
    return job_id.replace("-", "_", 1).partition("_")[0]


def claim_key(claim_id: str) -> str:
    """List of the job ids in a claim."""
    return f"{KEY_PREFIX}:claim:{claim_id}"


def enqueue_slice(redis: Redis, import_id: str, *, version: int = ARGUMENTS_VERSION) -> None:
    """Put a slice of this import's dispatcher at the back of `high`."""
    queue_named(HIGH, redis).enqueue(
        SLICE_FUNCTION,
        args=(version, import_id),
        job_id=f"{import_id}-{secrets.token_hex(4)}",
        description="dispatch rows",
        result_ttl=0,
        failure_ttl=FAILED_JOB_SECONDS,
        job_timeout=SLICE_TIMEOUT,
    )


def is_slice_queued(redis: Redis, import_id: str) -> bool:
    """Whether a slice of this import waits on `high`."""
    return import_id in waiting_imports(redis)


def waiting_imports(redis: Redis) -> set[str]:
    """Imports of which a slice waits on `high`."""
    return {import_of(job_id) for job_id in queue_named(HIGH, redis).job_ids}


def queued_rows(redis: Redis, import_id: str, *, with_claimed: bool = True) -> int:
    """How many row jobs of this import wait on `low` or are claimed."""
    queue = queue_named(LOW, redis)
    keys = (queue.key, queue.intermediate_queue_key, CLAIMS_KEY)
    return cast(int, redis.eval(COUNT_ROWS, 3, *keys, f"{import_id}_", claim_key(""), int(with_claimed)))


def drop_row_jobs(redis: Redis, import_id: str, *, failed: bool) -> None:
    """Take this import's row jobs off `low`, and with `failed` its failed jobs off RQ's registry too."""
    queue = queue_named(LOW, redis)
    _drop_queued(redis, f"{import_id}_", queue.key, queue.intermediate_queue_key)
    if failed:
        _drop_registered(redis, f"{import_id}_", FailedJobRegistry(queue=queue))


def drop_slices(redis: Redis, import_id: str, *, failed: bool) -> None:
    """Forget every slice of this import, waiting or lost, and with `failed` those that failed."""
    queue = queue_named(HIGH, redis)
    _drop_queued(redis, f"{import_id}-", queue.key)
    drop_lost_slices(redis, import_id)
    if failed:
        _drop_registered(redis, f"{import_id}-", FailedJobRegistry(queue=queue))


def drop_lost_slices(redis: Redis, import_id: str) -> None:
    """Forget the slices of this import that a killed dispatcher has left as popped or started."""
    queue = queue_named(HIGH, redis)
    _drop_queued(redis, f"{import_id}-", queue.intermediate_queue_key)
    _drop_registered(redis, f"{import_id}-", StartedJobRegistry(queue=queue))


def _drop_queued(redis: Redis, id_prefix: str, *lists: str) -> None:
    redis.eval(DROP_QUEUED, len(lists), *lists, id_prefix, *JOB_PREFIXES)


def _drop_registered(redis: Redis, id_prefix: str, registry: BaseRegistry) -> None:
    redis.eval(DROP_REGISTERED, 1, registry.key, id_prefix, *JOB_PREFIXES, *EXECUTION_PREFIXES)


def started_slices(redis: Redis) -> set[str]:
    """Imports of which a slice was popped or started: it is at work, or was lost by a killed dispatcher."""
    queue = queue_named(HIGH, redis)
    started = cast(list[bytes], redis.zrange(StartedJobRegistry(queue=queue).key, 0, -1))
    popped = cast(list[bytes], redis.lrange(queue.intermediate_queue_key, 0, -1))
    return {import_of(member.decode()) for member in started + popped}


def living_workers(redis: Redis, queue_name: str) -> int:
    """How many processes that drain this queue have said within the last 30 seconds that they live."""
    with redis.pipeline(transaction=False) as pipeline:
        for key in get_keys(queue_named(queue_name, redis)):
            pipeline.hmget(key, ["last_heartbeat", "death"])
        answers = pipeline.execute()
    oldest = datetime.now(UTC) - timedelta(seconds=ALIVE_SECONDS)
    return sum(1 for seen, death in answers if seen and not death and utcparse(seen.decode()) > oldest)
