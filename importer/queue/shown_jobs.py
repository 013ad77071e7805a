"""Jobs, queues and workers as rq-dashboard shows them: what cannot be read says so, and takes no page with it."""

from __future__ import annotations

import re
from base64 import b64decode
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

from redis import Redis
from rq import Queue, Worker
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.registry import (
    BaseRegistry,
    CanceledJobRegistry,
    DeferredJobRegistry,
    FailedJobRegistry,
    FinishedJobRegistry,
    ScheduledJobRegistry,
    StartedJobRegistry,
)
from rq.results import Result

from importer.queue.stored_jobs import StoredJob, UnreadableJobError, only_unreadable, plain

QUEUE_NAME = re.compile(r"[A-Za-z0-9_.:-]+")
"""Others would have to be quoted in addresses."""


class ShownJob(StoredJob):
    """A job of which everything that is shown can be read, or an `UnreadableJob`."""

    @classmethod
    def fetch(cls, id: str, connection: Redis | None = None, serializer: Any = None) -> Job:  # noqa: A002
        try:
            job = super().fetch(id, connection, serializer)
            with only_unreadable():
                _read_all(job)
        except UnreadableJobError as error:
            return UnreadableJob.standing_for(id, cast(Redis, connection), str(error))
        return job

    def get_call_string(self) -> str | None:
        """The function alone: its arguments are the cells of a row."""
        return str(self.func_name)

    @property
    def dependency_ids(self) -> list[bytes]:  # type: ignore[override]
        """As rq-dashboard, which is older than this RQ, expects them."""
        return [job_id.encode() for job_id in super().dependency_ids]


def _read_all(job: Job) -> None:
    """Read once whatever a page will read of a job."""
    for _, payload in cast(list[Any], job.connection.xrevrange(Result.get_key(job.id), count=1)):
        plain(b64decode(payload.get(b"exc_string", b"")))  # RQ would unpack it to any size
    job.latest_result()
    job.get_status()
    job.get_meta()
    job.get_call_string()
    assert job.dependency_ids is not None


class UnreadableJob(ShownJob):
    """Stands for a job that cannot be read. It can be deleted, and that is all."""

    @classmethod
    def standing_for(cls, job_id: str, connection: Redis, reason: str) -> UnreadableJob:
        try:
            job = cls(job_id, connection)
        except ValueError as error:  # an id that RQ takes for none, and that no page could ask for
            raise NoSuchJobError(f"No such job: {job_id}") from error
        job.created_at = datetime.fromtimestamp(0, UTC)
        job.description = f"This job cannot be read. {reason}"
        return job

    @property
    def dependency_ids(self) -> list[bytes]:  # type: ignore[override]
        return []

    def latest_result(self, timeout: int = 0) -> None:
        return None

    def get_status(self, refresh: bool = True) -> Any:
        return "unreadable"

    def get_meta(self, refresh: bool = True) -> dict[str, Any]:
        return {}

    def get_call_string(self) -> str | None:
        return self.description

    def requeue(self, at_front: bool = False) -> Job:
        raise InvalidJobOperation(f"Job {self.id} cannot be read.")

    def delete(self, *_: Any, **__: Any) -> None:
        """Take it off every queue and registry; which of them it is in, it does not say."""
        for queue in ShownQueue.all(self.connection):
            queue.remove(self)
            for registry in REGISTRIES.values():
                registry(queue=queue).remove(self)
        self.connection.delete(self.key, Result.get_key(self.id), self.dependents_key, self.dependencies_key)


class ShownStartedJobs(StartedJobRegistry):
    """Started jobs, of which one can be taken out though it is gone; RQ's own registry refuses that."""

    def remove(self, job: Job | str, pipeline: Any = None, delete_job: bool = False) -> None:
        job_id = job.id if isinstance(job, Job) else job
        members = cast(list[bytes], self.connection.zrange(self.key, 0, -1))
        for member in members:
            if member.partition(b":")[0] == job_id.encode():
                self.connection.zrem(self.key, member)


STARTED = "started"
"""Its members are `<job>:<execution>`."""

FAILED = "failed"

REGISTRIES: dict[str, type[BaseRegistry]] = {
    STARTED: ShownStartedJobs,
    FAILED: FailedJobRegistry,
    "deferred": DeferredJobRegistry,
    "scheduled": ScheduledJobRegistry,
    "finished": FinishedJobRegistry,
    "canceled": CanceledJobRegistry,
}
"""By the name that rq-dashboard has for them."""

QUEUED = "queued"
"""What it calls the list of a queue itself."""


def _job_id(place: str, member: bytes) -> str:
    """The job that a member of a list or a registry names; bytes that are no text name none."""
    job_id = member.decode(errors="replace")
    return job_id.partition(":")[0] if place == STARTED else job_id


class ShownQueue(Queue):
    """A queue whose jobs can all be shown."""

    job_class = ShownJob

    @classmethod
    def all(cls, connection: Redis, *_: Any, **__: Any) -> list[Queue]:
        """Every queue that RQ knows and rq-dashboard can show."""
        keys = cast(set[bytes], connection.smembers(cls.redis_queues_keys))
        names = [key.decode(errors="replace").removeprefix(cls.redis_queue_namespace_prefix) for key in keys]
        return [cls(name, connection=connection) for name in names if QUEUE_NAME.fullmatch(name)]

    def fetch_job(self, job_id: str) -> Job | None:
        """The job of this id; to look at a queue changes nothing, where RQ takes off ids without a job."""
        with suppress(NoSuchJobError):
            return self.job_class.fetch(job_id, self.connection)
        return None

    def page(self, place: str, start: int, end: int) -> list[str]:
        """Ids of jobs, as a list or a registry of this queue holds them.

        Args:
            place: `QUEUED`, or one of `REGISTRIES`.
            start, end: from which one, and before which one, from 0 on.
        """
        return [_job_id(place, member) for member in self._members(place, start, end)]

    def clear(self, place: str) -> None:
        """Delete every job of a list or a registry, and what has no job in it."""
        if place == QUEUED:
            self.empty()  # type: ignore[no-untyped-call]
            return
        registry = REGISTRIES[place](queue=self)
        for member in self._members(place, 0, self.size(place)):
            with suppress(NoSuchJobError):
                self.job_class.fetch(_job_id(place, member), self.connection).delete()
            self.connection.zrem(registry.key, member)

    def _members(self, place: str, start: int, end: int) -> list[bytes]:
        if end <= start:
            return []
        if place == QUEUED:
            return cast(list[bytes], self.connection.lrange(self.key, start, end - 1))
        return cast(list[bytes], self.connection.zrange(REGISTRIES[place](queue=self).key, start, end - 1))

    def size(self, place: str) -> int:
        """How many jobs a list or a registry of this queue holds."""
        return self.count if place == QUEUED else REGISTRIES[place](queue=self).get_job_count(cleanup=False)

    def compact(self) -> None:
        """Take off ids without a job; RQ's own fails where nothing is queued."""
        if self.count:
            super().compact()  # type: ignore[no-untyped-call]


class ShownWorker(Worker):
    """A worker that is shown, with the job it is at."""

    job_class = ShownJob
    queue_class = ShownQueue

    @classmethod
    def find_by_key(cls, worker_key: str, connection: Redis, *_: Any, **__: Any) -> Any:
        """The worker of this key, or None where what is there is none."""
        with suppress(UnreadableJobError), only_unreadable():
            return super().find_by_key(worker_key, connection)
        return None

    def get_current_job(self) -> Job | None:
        with suppress(NoSuchJobError, UnreadableJobError), only_unreadable():
            return super().get_current_job()
        return None


def failed_job(job_id: str, connection: Redis) -> Job:
    """A failed job; raises InvalidJobOperation or NoSuchJobError where there is none of this id."""
    job = ShownJob.fetch(job_id, connection)
    if isinstance(job, UnreadableJob) or job not in job.failed_job_registry:
        raise InvalidJobOperation(f"Job {job_id} is no failed job.")
    return job


def requeue_job(job_id: str, connection: Redis) -> Job:
    """Requeue a failed job; raises InvalidJobOperation or NoSuchJobError where there is none of this id."""
    return failed_job(job_id, connection).requeue()
