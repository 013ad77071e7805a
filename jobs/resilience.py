"""What dispatchers and workers need and RQ's SimpleWorker lacks.

A `ResilientWorker` outlives a Redis that is away, full or not as it must be, leaves at the next safe point when it
is asked to stop, and runs recovery every few seconds. RQ's own clean-up does not run: it would turn the claims of
dead workers into failed jobs.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from redis.exceptions import OutOfMemoryError, RedisError, ResponseError
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.queue import Queue
from rq.utils import now
from sqlalchemy.exc import SQLAlchemyError

from importer.errors import StorageError
from importer.health.causes import in_words
from importer.services import Services
from importer.time_limits import MAX_BACKOFF_SECONDS, RECOVERY_SECONDS, WORKER_KEY_SECONDS
from jobs.admission import AdmittingWorker
from jobs.process import stop_requested
from jobs.recovery import Recovery

log = logging.getLogger(__name__)

FULL_REDIS_SECONDS = 1.0

NOTE_SECONDS = 1.0
"""RQ writes a worker's heartbeat, and asks whether it is suspended, around every job. Here both are done at most
once in so long."""


@contextmanager
def _unless_refused(what: str) -> Iterator[None]:
    """What RQ only notes: that it cannot be noted is no reason to end."""
    try:
        yield
    except ResponseError as error:
        log.warning("Redis refuses the %s: %s", what, in_words(error))


class ResilientWorker(AdmittingWorker, SimpleWorker):
    """A worker that runs recovery and outlives outages."""

    log_result_lifespan = False

    def __init__(self, queue: Queue, services: Services) -> None:
        super().__init__(
            [queue],
            connection=services.redis,
            serializer=queue.serializer,
            maintenance_interval=RECOVERY_SECONDS,
            worker_ttl=WORKER_KEY_SECONDS,
            log_job_description=False,
        )
        self.services = services
        self._recovery = Recovery(services)
        self.last_cleaned_at: datetime | None = None  # type: ignore[assignment]
        self._interruptible = False
        self._noted_at = self._asked_at = -math.inf

    @property
    def dequeue_timeout(self) -> int:
        """Seconds of waiting for a job, after which recovery is due."""
        return RECOVERY_SECONDS

    @property
    def asked_to_stop(self) -> bool:
        return self._stop_requested

    def subscribe(self) -> None:
        """No channel for commands: it would cost each process a connection and a thread."""

    def unsubscribe(self) -> None:
        """There is nothing to unsubscribe from."""

    def register_birth(self) -> None:
        """Register, or work unregistered while Redis refuses it: on a full one workers are what makes room."""
        with _unless_refused("registration"):
            self.connection.delete(self.key)  # RQ refuses a birth where a heartbeat has left a key
            super().register_birth()  # type: ignore[no-untyped-call]
            self.connection.hset(self.key, "state", self.get_state())  # else it is noted with the next change

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        if pipeline is not None:
            super().heartbeat(timeout, pipeline)
        elif not self._is_noted:
            self._noted_at = time.monotonic()
            with _unless_refused("heartbeat"):
                if not self.connection.hexists(self.key, "birth"):  # Redis was full, or has forgotten everything
                    self.register_birth()
                super().heartbeat(timeout)

    @property
    def _is_noted(self) -> bool:
        return time.monotonic() - self._noted_at < NOTE_SECONDS

    def set_state(self, state: str, pipeline: Any = None) -> None:
        if state == self.get_state() and self._is_noted:
            return
        with _unless_refused(f"state {state}"):
            super().set_state(state, pipeline)

    def check_for_suspension(self, burst: bool) -> None:
        if time.monotonic() - self._asked_at >= NOTE_SECONDS:
            self._asked_at = time.monotonic()
            with _unless_refused("question whether to pause"):
                super().check_for_suspension(burst)

    def register_death(self) -> None:
        with _unless_refused("note that this worker leaves"):
            super().register_death()  # type: ignore[no-untyped-call]

    def _shutdown(self) -> None:
        """Called on SIGTERM: leave the wait for a job at once, anything else at its next safe point."""
        self._stop_requested = True
        stop_requested.set()
        if self._interruptible:
            raise StopRequested()

    @contextmanager
    def _uninterrupted(self) -> Iterator[None]:
        before, self._interruptible = self._interruptible, False
        try:
            yield
        finally:
            self._interruptible = before
        if before and self._stop_requested:
            raise StopRequested()

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        while True:
            try:
                self._interruptible = True
                return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
            except OutOfMemoryError:
                self._interruptible = False
                self._attempt(self.work_on_full_redis)
                self._leave_if_asked()
            except ResponseError as error:
                self._interruptible = False
                self._wait(error)
                self._leave_if_asked()
            finally:
                self._interruptible = False

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Work on what RQ has popped. Where Redis fails meanwhile, recovery puts it back.

        RQ would log a traceback, and end the worker.
        """
        self._attempt(partial(self.work_on, job, queue))

    def work_on(self, job: Job, queue: Queue) -> None:
        """Work on the job that RQ has popped, and maybe on more."""
        raise NotImplementedError

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except RedisError as error:
            self._wait(error)

    def _wait(self, error: RedisError) -> None:
        log.warning(in_words(error))
        stop_requested.wait(MAX_BACKOFF_SECONDS)

    def _leave_if_asked(self) -> None:
        if self._stop_requested:
            raise StopRequested()

    def work_on_full_redis(self) -> None:
        """What to do while a full Redis refuses RQ's pop; a worker that can make room does so here."""
        log.warning("Redis is full: waiting for room")
        time.sleep(FULL_REDIS_SECONDS)
        if self.should_run_maintenance_tasks:
            self.run_maintenance_tasks()

    def run_maintenance_tasks(self) -> None:
        """Run recovery instead of RQ's own maintenance."""
        with self._uninterrupted():
            try:
                self._recovery.run()
            except (RedisError, SQLAlchemyError, StorageError) as error:
                log.warning("recovery could not finish: %s", in_words(error))
            self.last_cleaned_at = now()
