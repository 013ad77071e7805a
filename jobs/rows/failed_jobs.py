"""Failed rows as RQ's own failed jobs, so that rq-dashboard shows and requeues them as it does any other.

Each is large, and takes as long to make as a dozen rows take to import. So RQ is told of the first thousand
failed rows of an import and of those that fail again, and keeps the latest thousand. Every failed row is in
`failed_rows`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import OutOfMemoryError
from rq.job import Job
from rq.job_lifecycle import record_job_failure
from rq.registry import FailedJobRegistry, StartedJobRegistry

from importer.ledger.failures import Failure
from importer.queue import keys
from importer.queue.queues import FAILED_JOB_SECONDS, LOW, queue_named, row_job_id
from importer.queue.scripts import script
from jobs.admission import MAX_FAILED_JOBS
from jobs.rows.batch import Applied
from jobs.rows.claims import Claim
from jobs.rows.job import DESCRIPTION, encode_retry

MAX_SHOWN_JOBS = MAX_FAILED_JOBS


class FailedJobs:
    """Records the failed rows of a claim in RQ."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        queue = queue_named(LOW, redis)
        self._started = StartedJobRegistry(queue=queue).key
        self._failed = FailedJobRegistry(queue=queue).key
        self._trim = script(redis, "trim_failed_jobs")

    def shown(self, applied: Applied) -> list[Failure]:
        """The failures of a batch that RQ is told of."""
        first = [failure for failure in applied.failures if failure.attempt.row_number not in applied.again]
        again = [failure for failure in applied.failures if failure.attempt.row_number in applied.again]
        shown_before = applied.state.failed_rows - len(first)
        return (first[: max(0, MAX_SHOWN_JOBS - shown_before)] + again)[-MAX_SHOWN_JOBS:]

    def record(self, claim: Claim, failures: Sequence[Failure]) -> None:
        """Fail the jobs of these rows in one transaction; keep the latest thousand.

        A retried transaction would add a second line to a job's results, which changes nothing.
        """
        try:
            with self._redis.pipeline() as pipeline:
                for failure in failures:
                    self._record(pipeline, claim, failure)
                pipeline.execute()
        except OutOfMemoryError:
            self._forget(claim, failures)
        self._trim(keys=[self._failed], args=[MAX_SHOWN_JOBS, *keys.JOB_PREFIXES])

    def _record(self, pipeline: Pipeline, claim: Claim, failure: Failure) -> None:
        """The job as it is requeued: for the row's next attempt, and without its cells."""
        row = failure.attempt
        job = Job(row_job_id(claim.import_id, row.row_number), connection=self._redis)
        job.data = encode_retry(claim.import_id, row.row_number, row.line_number, row.number + 1)
        job.origin = LOW
        job.description = DESCRIPTION
        job.failure_ttl = FAILED_JOB_SECONDS
        job.ended_at = datetime.now(UTC)
        self._leave(pipeline, claim, job.id)
        pipeline.hdel(job.key, "deaths", "timeouts")
        record_job_failure(job, sentence(claim.import_id, failure), pipeline)

    def _forget(self, claim: Claim, failures: Sequence[Failure]) -> None:
        """On a full Redis the jobs go, not the rows: these are in Postgres.

        A full Redis 7.0 takes no command of a transaction, not even one that makes room.
        """
        with self._redis.pipeline(transaction=False) as pipeline:
            for failure in failures:
                job_id = row_job_id(claim.import_id, failure.attempt.row_number)
                pipeline.delete(Job.key_for(job_id))
                self._leave(pipeline, claim, job_id)
            pipeline.execute()

    def _leave(self, pipeline: Pipeline, claim: Claim, job_id: str) -> None:
        """What is in the claim no more is not given back."""
        pipeline.lrem(keys.claim(claim.id), 1, job_id)
        pipeline.zrem(self._started, f"{job_id}:{claim.id}")


def sentence(import_id: str, failure: Failure) -> str:
    """What RQ shows as the exception: no cell of the file, whatever shows it."""
    where = f"row {failure.attempt.row_number} (line {failure.attempt.line_number}) of import {import_id}"
    return f"RowFailedError: {where}: {failure.code}. Cells and the full reason are on the import's page."
