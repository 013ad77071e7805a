"""The worker of `high`: it runs the slices of all imports in turn."""

from __future__ import annotations

from rq.job import Job
from rq.queue import Queue
from rq.worker.base import WorkerStatus

from importer.queue.queues import HIGH, SLICE_FUNCTION, queue_named
from importer.services import Services
from jobs.one_job import OneJobWorker


class DispatcherWorker(OneJobWorker):
    """Drains `high`."""

    functions = frozenset({SLICE_FUNCTION})

    def __init__(self, services: Services) -> None:
        super().__init__(queue_named(HIGH, services.redis), services)

    def work_on(self, job: Job, queue: Queue) -> None:
        """Run one slice."""
        self.run_job(job, queue, self.prepare_execution(job))
        self.set_state(WorkerStatus.IDLE)
