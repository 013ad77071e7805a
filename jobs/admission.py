"""Which jobs a worker runs: those of its own functions. Whatever else stands on its queue is refused.

RQ imports and calls any function that a job names. Who can write to Redis must not be able to run code by that,
and another application that uses our queues by mistake must not hold up imports.
"""

from __future__ import annotations

import logging
from typing import ClassVar

from redis.exceptions import OutOfMemoryError
from rq.exceptions import DeserializationError
from rq.job import Job
from rq.job_lifecycle import record_job_failure
from rq.queue import Queue
from rq.registry import FailedJobRegistry
from rq.worker.base import BaseWorker

from importer.queue import keys
from importer.queue.queues import FAILED_JOB_SECONDS
from importer.queue.scripts import script
from importer.queue.stored_jobs import StoredJob, UnreadableJobError

log = logging.getLogger(__name__)

DESCRIPTION = "refused job"
MAX_FAILED_JOBS = 1000
"""So many failed jobs of a queue are kept."""


class AdmittingWorker(BaseWorker):
    """A worker, of whichever kind of RQ's, that runs its own functions and nothing else.

    It looks at a job as soon as RQ has popped it, before anything of RQ's imports or calls what the job names.
    """

    functions: ClassVar[frozenset[str]]
    """The import paths of the functions that its jobs may call: the one place that allows one."""

    job_class = StoredJob

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """The next job of this worker's own."""
        while True:
            try:
                found = super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
            except UnreadableJobError as error:
                self._refuse(self.queues[0], error.job_id, error)
                continue
            if found is None or self._admits(*found):
                return found

    def examine(self, job: Job) -> None:
        """Raise `UnreadableJobError`, saying why, for a job that is none of this worker's."""
        try:
            called, instance = job.func_name, job.instance
        except DeserializationError as error:
            raise UnreadableJobError("A job's data are no call in JSON.") from error
        if not isinstance(called, str) or called not in self.functions or instance is not None:
            allowed = ", ".join(sorted(self.functions))
            raise UnreadableJobError(f"A job calls {ascii(called)[:200]}; those of this queue call {allowed}.")

    def _admits(self, job: Job, queue: Queue) -> bool:
        try:
            self.examine(job)
        except UnreadableJobError as error:
            self._refuse(queue, job.id, error, job.data)
            return False
        return True

    def _refuse(self, queue: Queue, job_id: str, error: UnreadableJobError, data: bytes = b"") -> None:
        refuse(queue, job_id, data, error)
        self.connection.lrem(queue.intermediate_queue_key, 1, job_id)


def refuse(queue: Queue, job_id: str, data: bytes, error: UnreadableJobError) -> None:
    """Leave of a job only its data and why it was refused, and show it among the queue's failed jobs.

    On a full Redis it is deleted, as is one with an id that RQ takes for none.
    """
    log.error("job %s on %s is refused: %s", ascii(job_id)[:200], queue.name, error)
    whatever_is_kept = [prefix + job_id for prefix in keys.JOB_PREFIXES]
    try:
        job = StoredJob(job_id, connection=queue.connection, serializer=queue.serializer)
        job.data, job.origin, job.description = data, queue.name, DESCRIPTION
        job.failure_ttl = FAILED_JOB_SECONDS
        with queue.connection.pipeline() as pipeline:
            pipeline.delete(*whatever_is_kept)
            record_job_failure(job, f"{type(error).__name__}: {error}", pipeline)
            pipeline.execute()
    except (OutOfMemoryError, ValueError):
        queue.connection.delete(*whatever_is_kept)
    failed = FailedJobRegistry(queue=queue).key
    script(queue.connection, "trim_failed_jobs")(keys=[failed], args=[MAX_FAILED_JOBS, *keys.JOB_PREFIXES])
