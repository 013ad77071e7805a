"""The RQ queues: the one module besides `jobs/` that enqueues what the product asks for.

`importer.web.rq_dashboard` shows them, and lets an admin requeue or delete a job, and empty a queue.

Jobs are stored as JSON, never pickled. A slice of the dispatcher has the id `<import id>-<random>`, as has
a conversion, a row job `<import id>_<row number>`; so a job's id names its import.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from redis import Redis
from rq import Queue
from rq.registry import BaseRegistry, FailedJobRegistry, StartedJobRegistry
from rq.utils import utcparse
from rq.worker_registration import get_keys

from importer.models.imports import ID_ALPHABET, ID_LENGTH
from importer.queue import keys
from importer.queue.scripts import script
from importer.queue.stored_jobs import StoredJob
from importer.time_limits import ALIVE_SECONDS, CONVERSION_TIMEOUT_SECONDS, SLICE_TIMEOUT_SECONDS

HIGH = "high"
"""Dispatcher slices."""

LOW = "low"
"""Row jobs."""

DEFAULT = "default"
"""Conversions of files, and corrected files."""

IMPORT_ID = rf"([{ID_ALPHABET}]{{{ID_LENGTH}}})"

OF_IMPORT = re.compile(rf"{IMPORT_ID}[_-]")
"""How the id of a job of ours begins."""

OF_ROW = re.compile(rf"{IMPORT_ID}_([1-9][0-9]{{0,8}})")
"""The id of a row's job."""

ARGUMENTS_VERSION = 1
"""Version of a slice's arguments. Code that does not know a job's version puts it back instead of failing it."""

SLICE_FUNCTION = "jobs.dispatcher.run.run_slice"
CONVERSION_FUNCTION = "jobs.files.run.convert_file"
CORRECTION_FUNCTION = "jobs.files.corrected.take_in_files"
FAILED_JOB_SECONDS = 7 * 24 * 3600
"""How long RQ shows a failed job, of a slice or of a row."""


def queue_named(name: str, redis: Redis) -> Queue:
    return Queue(name, connection=redis, job_class=StoredJob)


def row_job_id(import_id: str, row_number: int) -> str:
    """The id of a row's job; it is always the same, so that a row never has two jobs."""
    return f"{import_id}_{row_number}"


def import_of(job_id: str) -> str:
    """The id of the import that a job belongs to."""
    return job_id.replace("-", "_", 1).partition("_")[0]


def row_of(job_id: str) -> tuple[str, int] | None:
    """The import and the number of the row that a job tries; None where it is no job of a row."""
    found = OF_ROW.fullmatch(job_id)
    return (found[1], int(found[2])) if found else None


def enqueue_slice(redis: Redis, import_id: str, *, version: int = ARGUMENTS_VERSION) -> None:
    """Put a slice of this import's dispatcher at the back of `high`."""
    queue_named(HIGH, redis).enqueue(
        SLICE_FUNCTION,
        args=(version, import_id),
        job_id=f"{import_id}-{secrets.token_hex(4)}",
        description="dispatch rows",
        result_ttl=0,
        failure_ttl=FAILED_JOB_SECONDS,
        job_timeout=SLICE_TIMEOUT_SECONDS,
    )


def enqueue_conversion(redis: Redis, import_id: str, *, version: int = ARGUMENTS_VERSION) -> None:
    """Put the conversion of this import's file at the back of `default`."""
    _enqueue_file(redis, CONVERSION_FUNCTION, import_id, version, "convert file")


def enqueue_corrected_files(redis: Redis, import_id: str, *, version: int = ARGUMENTS_VERSION) -> None:
    """Put the corrected files of this import at the back of `default`."""
    _enqueue_file(redis, CORRECTION_FUNCTION, import_id, version, "take in corrected rows")


def _enqueue_file(redis: Redis, function: str, import_id: str, version: int, description: str) -> None:
    queue_named(DEFAULT, redis).enqueue(
        function,
        args=(version, import_id),
        job_id=f"{import_id}-{secrets.token_hex(4)}",
        description=description,
        result_ttl=0,
        failure_ttl=FAILED_JOB_SECONDS,
        job_timeout=CONVERSION_TIMEOUT_SECONDS,
    )


def waiting_conversions(redis: Redis) -> set[str]:
    """Imports of which a conversion, or a corrected file, waits on `default`."""
    waiting = cast(list[bytes], redis.lrange(queue_named(DEFAULT, redis).key, 0, -1))
    return {import_of(job_id.decode(errors="replace")) for job_id in waiting}


def drop_conversions(redis: Redis, import_id: str, *, failed: bool) -> None:
    """Forget every conversion of this import, waiting or lost, and with `failed` those that failed."""
    queue = queue_named(DEFAULT, redis)
    _drop_queued(redis, f"{import_id}-", queue.key, queue.intermediate_queue_key)
    _drop_registered(redis, f"{import_id}-", StartedJobRegistry(queue=queue))
    if failed:
        _drop_registered(redis, f"{import_id}-", FailedJobRegistry(queue=queue))


def does_anything_wait(redis: Redis) -> bool:
    """Whether a slice waits on `high`, or a row on `low`."""
    with redis.pipeline(transaction=False) as pipeline:
        for name in (HIGH, LOW):
            pipeline.llen(queue_named(name, redis).key)
        return any(pipeline.execute())


def is_slice_queued(redis: Redis, import_id: str) -> bool:
    """Whether a slice of this import waits on `high`."""
    return import_id in waiting_imports(redis)


def waiting_imports(redis: Redis, *, first: int = 0) -> set[str]:
    """Imports of which a slice waits on `high`; with `first`, of those that many that come next."""
    waiting = cast(list[bytes], redis.lrange(queue_named(HIGH, redis).key, 0, first - 1))
    return {import_of(job_id.decode()) for job_id in waiting}


def queued_rows(redis: Redis, import_id: str, *, with_claimed: bool = True) -> int:
    """How many row jobs of this import wait on `low` or are claimed."""
    queue = queue_named(LOW, redis)
    places = [queue.key, queue.intermediate_queue_key, keys.CLAIMS]
    count = script(redis, "count_row_jobs")
    return cast(int, count(keys=places, args=[f"{import_id}_", keys.claim(""), int(with_claimed)]))


def queued_rows_by_import(redis: Redis) -> dict[str, int]:
    """How many row jobs of each import wait on `low` or are claimed, where there are any."""
    queue = queue_named(LOW, redis)
    places = [queue.key, queue.intermediate_queue_key, keys.CLAIMS]
    answer = cast(list[Any], script(redis, "count_row_jobs_by_import")(keys=places, args=[keys.claim("")]))
    return {import_id.decode(): count for import_id, count in zip(answer[::2], answer[1::2], strict=True)}


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


def imports_with_failed_jobs(redis: Redis) -> set[str]:
    """Imports of which RQ shows a failed row or slice; a job that was refused is of none, whatever its id."""
    registries = [FailedJobRegistry(queue=queue_named(name, redis)) for name in (HIGH, LOW, DEFAULT)]
    members = [
        member for registry in registries for member in cast(list[bytes], redis.zrange(registry.key, 0, -1))
    ]
    return {found[1] for member in members if (found := OF_IMPORT.match(member.decode(errors="replace")))}


def drop_lost_slices(redis: Redis, import_id: str) -> None:
    """Forget the slices of this import that a killed dispatcher has left as popped or started."""
    queue = queue_named(HIGH, redis)
    _drop_queued(redis, f"{import_id}-", queue.intermediate_queue_key)
    _drop_registered(redis, f"{import_id}-", StartedJobRegistry(queue=queue))


def _drop_queued(redis: Redis, id_prefix: str, *lists: str) -> None:
    script(redis, "drop_queued_jobs")(keys=lists, args=[id_prefix, *keys.JOB_PREFIXES])


def _drop_registered(redis: Redis, id_prefix: str, registry: BaseRegistry) -> None:
    prefixes = [*keys.JOB_PREFIXES, *keys.EXECUTION_PREFIXES]
    script(redis, "drop_registered_jobs")(keys=[registry.key], args=[id_prefix, *prefixes])


def started_slices(redis: Redis) -> set[str]:
    """Imports with a slice that was popped or started: it is at work, or a killed dispatcher has lost it."""
    queue = queue_named(HIGH, redis)
    started = cast(list[bytes], redis.zrange(StartedJobRegistry(queue=queue).key, 0, -1))
    popped = cast(list[bytes], redis.lrange(queue.intermediate_queue_key, 0, -1))
    return {import_of(member.decode()) for member in started + popped}


def living_workers(redis: Redis, queue_name: str) -> int:
    """How many processes that drain this queue have reported within ALIVE_SECONDS."""
    with redis.pipeline(transaction=False) as pipeline:
        for key in get_keys(queue_named(queue_name, redis)):
            pipeline.hmget(key, ["last_heartbeat", "death"])
        answers = pipeline.execute()
    oldest = datetime.now(UTC) - timedelta(seconds=ALIVE_SECONDS)
    return sum(1 for seen, death in answers if seen and not death and utcparse(seen.decode()) > oldest)
