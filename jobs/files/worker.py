"""The worker of `default`: it has each file read by a process of its own, and watches over that."""

from __future__ import annotations

import logging
import os
import time

from rq.executions import Execution
from rq.job import Job
from rq.queue import Queue
from rq.timeouts import JobTimeoutException
from rq.worker import Worker
from rq.worker.base import WorkerStatus

from importer.queue import conversions, queues
from importer.queue.queues import CONVERSION_FUNCTION, CORRECTION_FUNCTION, DEFAULT, import_of, queue_named
from importer.services import Services
from importer.time_limits import CONVERSION_TIMEOUT_SECONDS, CONVERTER_LOOK_SECONDS
from jobs import process
from jobs.files.deaths import note_death
from jobs.one_job import OneJobWorker

log = logging.getLogger(__name__)

POLL_SECONDS = 0.05


class ConverterWorker(OneJobWorker, Worker):
    """Drains `default` in RQ's own way: by a child that is forked for each job.

    So whatever a file does to the libraries that read it ends a child, and not the service.
    """

    functions = frozenset({CONVERSION_FUNCTION, CORRECTION_FUNCTION})

    def __init__(self, services: Services) -> None:
        super().__init__(queue_named(DEFAULT, services.redis), services)

    def work_on(self, job: Job, queue: Queue) -> None:
        """Have the file of an import converted, or its corrected files read, unless another converter is at it."""
        import_id = import_of(job.id)
        execution = self.prepare_execution(job)
        if conversions.take(self.connection, import_id, self.name):
            self._read(job, queue, execution, import_id)
            conversions.drop(self.connection, import_id, self.name)
        else:
            self.forget(job, execution)
        self.set_state(WorkerStatus.IDLE)

    def _read(self, job: Job, queue: Queue, execution: Execution, import_id: str) -> None:
        self.fork_work_horse(job, queue)
        status = self._watch(import_id)
        self._horse_pid = 0
        self.executions.pop(execution.id, None)  # the child has ended it in Redis; this is our own note of it
        if status == os.EX_OK:
            return
        self.forget(job, execution)
        if job.func_name == CORRECTION_FUNCTION:  # how often it is begun counts there
            queues.enqueue_corrected_files(self.connection, import_id)
        elif self.asked_to_stop or note_death(self.services, import_id, status):
            queues.enqueue_conversion(self.connection, import_id)

    def _watch(self, import_id: str) -> int:
        """Wait for the child, and say that it lives; return its status, as `os.waitpid` does.

        Where this process is asked to stop, or another converter has the lease by now, the child is killed.
        """
        look = time.monotonic()
        while True:
            pid, status = os.waitpid(self.horse_pid, os.WNOHANG)
            if pid:
                return status
            if time.monotonic() >= look:
                look = time.monotonic() + CONVERTER_LOOK_SECONDS
                self.heartbeat()
                if not conversions.renew(self.connection, import_id, self.name):
                    self.kill_horse()
                if self.should_run_maintenance_tasks:
                    self.run_maintenance_tasks()
            if self.asked_to_stop:
                self.kill_horse()
            time.sleep(POLL_SECONDS)

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """What the child does."""
        process.services.cache_clear()  # no connection may be shared with the process that forked this one
        timeout = job.timeout or CONVERSION_TIMEOUT_SECONDS
        with self.death_penalty_class(timeout, JobTimeoutException, job_id=job.id):
            self.run_job(job, queue, execution)
        return True
