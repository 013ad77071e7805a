"""The worker of `high`: RQ's SimpleWorker, which runs one slice after another."""

from __future__ import annotations

from rq.job import Job
from rq.queue import Queue

from importer.queues import HIGH, queue_named
from importer.services import Services
from jobs.resilient import ResilientWorker


class DispatcherWorker(ResilientWorker):
    """Drains `high`."""

    def __init__(self, services: Services) -> None:
        super().__init__(queue_named(HIGH, services.redis), services)

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run one slice; it asks by itself whether its process is to stop."""
        super().execute_job(job, queue)
