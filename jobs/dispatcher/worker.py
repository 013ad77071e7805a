"""The worker of `high`: it runs the slices of all imports in turn."""

from __future__ import annotations

import logging
from types import TracebackType

from rq.executions import Execution
from rq.job import Job
from rq.job_lifecycle import format_exc_info
from rq.queue import Queue
from rq.utils import now
from rq.worker.base import WorkerStatus

from importer.queue.queues import HIGH, SLICE_FUNCTION, queue_named
from importer.services import Services
from jobs.resilience import ResilientWorker

log = logging.getLogger(__name__)

KEPT_CHARACTERS = 10_000
"""Of a traceback, its end: rq-dashboard shows those of many slices on one page."""


class DispatcherWorker(ResilientWorker):
    """Drains `high`."""

    functions = frozenset({SLICE_FUNCTION})

    def __init__(self, services: Services) -> None:
        super().__init__(queue_named(HIGH, services.redis), services)

    def work_on(self, job: Job, queue: Queue) -> None:
        """Run one slice.

        RQ's own steps around a job are not used: they fail a job whose hash is gone, as a slice's is once Redis
        was wiped or its import has ended.
        """
        execution = self.prepare_execution(job)
        self.prepare_job_execution(job, remove_from_intermediate_queue=True)
        try:
            job.perform()
        except Exception as error:
            log.exception("slice %s failed", job.id)
            job.ended_at = now()
            traceback = format_exc_info(_exc_info(error))[-KEPT_CHARACTERS:]
            self.handle_job_failure(job, queue, exc_string=traceback, execution=execution)
        else:
            self._forget(job, execution)
        self.set_state(WorkerStatus.IDLE)

    def _forget(self, job: Job, execution: Execution) -> None:
        with self.connection.pipeline() as pipeline:
            self.cleanup_execution(job, pipeline, execution)
            pipeline.delete(job.key)
            pipeline.execute()


def _exc_info(error: Exception) -> tuple[type[Exception], Exception, TracebackType | None]:
    return type(error), error, error.__traceback__
