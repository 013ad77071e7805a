"""Takes row jobs off `low` in batches, and puts back those of a worker that died (docs/design.md, rules 5 to 8).

A claim is a list of job ids with a lease in a sorted set, by Redis's own clock. Its first jobs are entered in RQ's
StartedJobRegistry, so that rq-dashboard shows them: without an end, or RQ's clean-up would turn those of a dead
worker into failed jobs. To enter all of thousands, and to write to the hash of each that it is started, would cost
nearly as much as to take them.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple, cast

from redis import Redis
from rq.registry import FailedJobRegistry, StartedJobRegistry

from importer.ledger.failures import Attempt
from importer.queue import keys
from importer.queue.queues import LOW, import_of, queue_named, row_job_id
from importer.queue.scripts import script
from importer.queue.stored_jobs import UnreadableJobError, plain
from importer.time_limits import CLAIM_LEASE_SECONDS, SETBACKS_REMEMBERED_SECONDS
from jobs.admission import refuse
from jobs.rows.job import UnknownVersionError, attempt_of, import_of_call, read_calls

log = logging.getLogger(__name__)

SHOWN_JOBS = 100
"""So many of a claim's jobs, its first ones, are in RQ's StartedJobRegistry."""

STUCK_SECONDS = 5
"""A job that stands between RQ's pop and the claim for so long was left there by a kill."""


class GivenBack(StrEnum):
    """Why jobs go back to the queue."""

    UNTOUCHED = "untouched"
    """Nobody's fault: they go to the front as they were."""
    DIED = "died"
    """Their worker died: each is run alone next, and only a death while alone counts against it."""
    TIMEOUT = "timeout"
    """They took too long: each is run alone next, and only a timeout while alone counts against it."""


@dataclass(frozen=True)
class Claim:
    """Row jobs that a worker has taken together; all of one import.

    Attributes:
        datas: what RQ keeps as each job's data.
        setbacks: deaths and timeouts by job id, of those that have any; such a job is claimed by itself.
    """

    id: str
    import_id: str
    job_ids: list[str]
    datas: list[bytes]
    setbacks: Mapping[str, tuple[int, int]]

    def __len__(self) -> int:
        return len(self.job_ids)

    @property
    def deaths(self) -> int:
        """How many workers have died over its one row."""
        return max((deaths for deaths, _ in self.setbacks.values()), default=0)

    @property
    def timeouts(self) -> int:
        """How often its one row took too long."""
        return max((timeouts for _, timeouts in self.setbacks.values()), default=0)

    def attempts(self) -> list[Attempt]:
        """What its jobs are for; raises `UnknownVersionError` or `UnreadableJobError`."""
        return [attempt_of(call) for call in read_calls([plain(data) for data in self.datas])]


class Returned(NamedTuple):
    """Row jobs of a dead worker that are back on the queue.

    Attributes:
        seconds: since it had taken them.
    """

    import_id: str
    rows: int
    seconds: float


class Claims:
    """Takes, clears and gives back claims on `low`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._low = queue = queue_named(LOW, redis)
        self._queue, self._intermediate = queue.key, queue.intermediate_queue_key
        self._started = StartedJobRegistry(queue=queue).key
        self._failed = FailedJobRegistry(queue=queue).key
        self._take, self._end = script(redis, "take_claim"), script(redis, "end_claim")
        self._give_back, self._put_back = script(redis, "give_back_claim"), script(redis, "put_back_jobs")
        self._drop = script(redis, "drop_claim")
        self._expired, self._unstick = script(redis, "expired_claims"), script(redis, "return_stuck_jobs")

    def take(
        self, *, first: str = "", limit: int, limits: Mapping[str, int] = MappingProxyType({})
    ) -> Claim | None:
        """Claim up to `limit` row jobs of one import.

        Args:
            first: the job that RQ has popped; where it was put back meanwhile, nothing is claimed.
            limits: by import id, of imports that have limits of their own.
        """
        claim_id = secrets.token_hex(8)
        places = [self._queue, self._intermediate, self._started, keys.CLAIMS, keys.claim(claim_id), keys.SETBACKS]
        lease, job_prefix = CLAIM_LEASE_SECONDS * 1000, keys.JOB_PREFIXES[0]
        arguments: list[Any] = [first, limit, lease, claim_id, job_prefix, SHOWN_JOBS]
        for import_id, rows in limits.items():
            arguments += row_job_id(import_id, 0)[:-1], rows
        taken = cast(list[Any], self._take(keys=places, args=arguments))
        return self._read(claim_id, *taken) if taken else None

    def _read(self, claim_id: str, ids: list[bytes], counts: list[tuple[bytes, bytes, bytes]]) -> Claim | None:
        job_ids = [job_id.decode() for job_id in ids]
        datas = self._datas(claim_id)
        if len(datas) != len(job_ids):
            return None  # put back meanwhile, or forgotten by Redis
        if None in datas:
            self._forget(claim_id, [job_id for job_id, data in zip(job_ids, datas, strict=True) if data is None])
            job_ids = [job_id for job_id, data in zip(job_ids, datas, strict=True) if data is not None]
            datas = [data for data in datas if data is not None]
        setbacks = {job_id.decode(): (int(deaths), int(timeouts)) for job_id, deaths, timeouts in counts}
        return self._claim(claim_id, job_ids, datas, setbacks)

    def _claim(
        self, claim_id: str, job_ids: list[str], datas: list[bytes], setbacks: Mapping[str, tuple[int, int]]
    ) -> Claim | None:
        if not job_ids:
            self._return(claim_id, GivenBack.UNTOUCHED)
            return None
        claim = Claim(claim_id, "", job_ids, datas, setbacks)
        try:
            return replace(claim, import_id=import_of_job(job_ids[0], datas[0]))
        except (UnreadableJobError, UnknownVersionError):
            return self.sort_out(claim)

    def sort_out(self, claim: Claim) -> Claim | None:
        """Keep the row jobs of this release; the others go where they belong."""
        sound: dict[str, bytes] = {}
        unknown: list[str] = []
        for job_id, data in zip(claim.job_ids, claim.datas, strict=True):
            try:
                import_of_job(job_id, data)
                sound[job_id] = data
            except UnreadableJobError as error:
                refuse(self._low, job_id, data, error)
                self._forget(claim.id, [job_id])
            except UnknownVersionError as error:
                log.warning("job %s: %s It is put back for a worker of that release.", job_id, error)
                unknown.append(job_id)
        if unknown:
            places = [self._queue, self._started, keys.claim(claim.id)]
            self._put_back(keys=places, args=[claim.id, *unknown])
        return self._claim(claim.id, list(sound), list(sound.values()), claim.setbacks)

    def _datas(self, claim_id: str) -> list[bytes]:
        """The data of a claim's jobs, None where one is gone, in one command; MAX_QUEUED_BYTES bounds its size."""
        data = f"{keys.JOB_PREFIXES[0]}*->data"
        # redis-py's `sort_ro` sends SORT, which a full Redis refuses.
        found = self._redis.execute_command("SORT_RO", keys.claim(claim_id), "BY", "nosort", "GET", data)
        return cast(list[bytes], found)

    def _forget(self, claim_id: str, job_ids: Sequence[str]) -> None:
        """Take ids out of a claim: they were refused, or had been queued twice, and their rows have ended."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for job_id in job_ids:
                pipeline.lrem(keys.claim(claim_id), 0, job_id)
                pipeline.zrem(self._started, f"{job_id}:{claim_id}")
            pipeline.execute()

    def clear(self, claim: Claim, *, keep: Sequence[str] = (), again: Collection[str] = ()) -> bool:
        """Delete the jobs of a claim, whose rows have ended, but those to keep; without any, the claim ends.

        Whoever else may hold these jobs by now: a row that has ended needs none. One that has failed, and is shown
        by another worker meanwhile, can then be retried on the import's page alone.

        Args:
            keep: in the order in which they may go back.
            again: jobs that may have failed before, of which RQ knows more than the job.

        Returns:
            Whether the claim was still this worker's.
        """
        kept = set(keep)
        job_ids = [job_id for job_id in claim.job_ids if job_id not in kept]
        job_prefix, result_prefix = keys.JOB_PREFIXES
        with self._redis.pipeline(transaction=False) as pipeline:
            if failed_before := [job_id for job_id in job_ids if job_id in again]:
                pipeline.delete(*(result_prefix + job_id for job_id in failed_before))
                pipeline.zrem(self._failed, *failed_before)
            if job_ids:
                pipeline.delete(*[job_prefix + job_id for job_id in job_ids])
                pipeline.zrem(self._started, *[f"{job_id}:{claim.id}" for job_id in job_ids[:SHOWN_JOBS]])
            pipeline.execute()
        return self._keep(claim, keep)

    def _keep(self, claim: Claim, keep: Sequence[str]) -> bool:
        """Leave only these jobs in a claim; without any, it ends. Say whether it was still this worker's."""
        return bool(self._end(keys=[keys.CLAIMS, keys.claim(claim.id)], args=[claim.id, *keep]))

    def drop(self, claim: Claim) -> None:
        """Delete the jobs of a claim whose rows have not ended, if it is still this worker's."""
        places = [self._started, keys.CLAIMS, keys.claim(claim.id), self._failed]
        self._drop(keys=places, args=[claim.id, *keys.JOB_PREFIXES])

    def give_back(self, claim: Claim, reason: GivenBack) -> None:
        """Put what is left of a claim back on the queue, in its order."""
        self._return(claim.id, reason)

    def return_expired(self) -> list[Returned]:
        """Put the jobs of dead workers back; return those of each worker that had any left."""
        expired = cast(list[tuple[bytes, bytes, int]], self._expired(keys=[keys.CLAIMS], args=[keys.claim("")]))
        returned = (
            Returned(
                import_of(first.decode(errors="replace")),
                self._return(claim_id.decode(), GivenBack.DIED),
                CLAIM_LEASE_SECONDS + over / 1000,
            )
            for claim_id, first, over in expired
        )
        return [one for one in returned if one.rows]

    def return_stuck(self) -> int:
        """Put back the jobs that a kill left between RQ's pop and the claim; return how many."""
        places = [self._queue, self._intermediate, keys.POPPED]
        return cast(int, self._unstick(keys=places, args=[STUCK_SECONDS, keys.JOB_PREFIXES[0]]))

    def _return(self, claim_id: str, reason: GivenBack) -> int:
        places = [self._queue, self._started, keys.CLAIMS, keys.claim(claim_id), keys.SETBACKS]
        arguments: list[Any] = [claim_id, keys.JOB_PREFIXES[0], reason.value, SETBACKS_REMEMBERED_SECONDS]
        return cast(int, self._give_back(keys=places, args=arguments))


def import_of_job(job_id: str, data: bytes) -> str:
    """The id of the import that a job is of, by its id and its data alike; raises what `attempt_of` does."""
    (call,) = read_calls([plain(data)])
    attempt, import_id = attempt_of(call), import_of_call(call)
    if row_job_id(import_id, attempt.row_number) != job_id:
        raise UnreadableJobError("A job's data are of another row than its id.")
    return import_id
