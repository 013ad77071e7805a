"""Workers that run one job after the other, each to its end."""

from __future__ import annotations

import logging
from types import TracebackType

from rq.executions import Execution
from rq.job import Job
from rq.job_lifecycle import format_exc_info
from rq.queue import Queue
from rq.utils import now

from jobs.resilience import ResilientWorker

log = logging.getLogger(__name__)

KEPT_CHARACTERS = 10_000
"""Of a traceback, its end: rq-dashboard shows those of many jobs on one page."""


class OneJobWorker(ResilientWorker):
    """A worker whose jobs may be gone when they end.

    RQ's own steps around a job are not used: they fail a job whose hash is gone, as that of a slice or conversion
    is once Redis was wiped or its import has ended.
    """

    def run_job(self, job: Job, queue: Queue, execution: Execution) -> None:
        """Call the job's function, and forget the job, or show its error in rq-dashboard."""
        self.prepare_job_execution(job, remove_from_intermediate_queue=True)
        try:
            job.perform()
        except Exception as error:
            log.exception("job %s failed", job.id)
            job.ended_at = now()
            traceback = format_exc_info(_exc_info(error))[-KEPT_CHARACTERS:]
            self.handle_job_failure(job, queue, exc_string=traceback, execution=execution)
        else:
            self.forget(job, execution)

    def forget(self, job: Job, execution: Execution) -> None:
        with self.connection.pipeline() as pipeline:
            self.cleanup_execution(job, pipeline, execution)
            pipeline.delete(job.key)
            pipeline.execute()


def _exc_info(error: Exception) -> tuple[type[Exception], Exception, TracebackType | None]:
    return type(error), error, error.__traceback__
