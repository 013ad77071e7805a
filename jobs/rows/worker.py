"""The worker of `low`: takes row jobs in batches, and lets each batch take effect in one transaction."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from functools import partial

from rq.job import Job
from rq.queue import Queue
from rq.worker.base import WorkerStatus
from sqlalchemy.orm import Session

from importer.errors import RecordTypeError
from importer.ledger.retries import refuse_retries
from importer.lifecycle.cleaning import clean_completed
from importer.lifecycle.transitions import try_move
from importer.queue import checkpoint
from importer.queue.queues import LOW, queue_named, row_job_id
from importer.queue.stored_jobs import UnreadableJobError
from importer.services import Services
from importer.statuses import Reason, Status
from importer.time_limits import BETWEEN_RQ_SECONDS, MAX_BACKOFF_SECONDS
from jobs.process import stop_requested
from jobs.resilience import ResilientWorker
from jobs.rows.batch import Applied, Batches
from jobs.rows.batch_sizes import FIRST_ROWS, BatchSizes
from jobs.rows.claims import Claim, Claims, GivenBack, import_of_job
from jobs.rows.failed_jobs import FailedJobs
from jobs.rows.job import FUNCTIONS, UnknownVersionError
from jobs.rows.outcomes import MAX_TIMEOUTS, ImportGoneError, TooManyFailedError, TransientError

log = logging.getLogger(__name__)

UNKNOWN_VERSION_SECONDS = 1.0

LINGER_SECONDS, LOOK_SECONDS = 0.05, 0.005
"""So long a worker looks for more rows before RQ's loop has its turn, and how often."""


class RowWorker(ResilientWorker):
    """Drains `low`."""

    functions = FUNCTIONS

    def __init__(self, services: Services) -> None:
        super().__init__(queue_named(LOW, services.redis), services)
        self._claims = Claims(services.redis)
        self._batches = Batches(services)
        self._failed_jobs = FailedJobs(services.redis)
        self._sizes = BatchSizes(services.settings.batch_seconds)
        self._setbacks = 0

    def examine(self, job: Job) -> None:
        """Refuse what is no row job, too."""
        super().examine(job)
        with suppress(UnknownVersionError):  # to be put back
            import_of_job(job.id, job.data)

    def work_on(self, job: Job, queue: Queue) -> None:
        """Claim the job that RQ has popped together with its neighbours, and more until it is RQ's turn."""
        self.set_state(WorkerStatus.BUSY)
        self._work(first=job.id)
        self.set_state(WorkerStatus.IDLE)

    def work_on_full_redis(self) -> None:
        """Claims need no room: their scripts are allowed on a full Redis."""
        self._work(first="")
        super().work_on_full_redis()

    def _work(self, first: str) -> None:
        """Work off one claim after the other, and look a little longer for more: handed out one by one, as RQ does
        it to each worker that waits, the rows of a small file would be a batch each."""
        until = time.monotonic() + BETWEEN_RQ_SECONDS
        if not self._work_off_next(first):
            if first:
                stop_requested.wait(UNKNOWN_VERSION_SECONDS)
            return
        linger_until = time.monotonic() + LINGER_SECONDS
        while not self.asked_to_stop and time.monotonic() < min(until, linger_until):
            has_worked = self._work_off_next()
            if has_worked:
                linger_until = time.monotonic() + LINGER_SECONDS
            elif has_worked is None:
                stop_requested.wait(LOOK_SECONDS)
            else:
                return

    def _work_off_next(self, first: str = "") -> bool | None:
        """Claim rows and work them off; a batch is forgotten before the next is read, which reuses its memory.

        Returns:
            None where no row waits; False where those claimed were all put back for another release.
        """
        claim = self._claims.take(first=first, limit=FIRST_ROWS, limits=self._sizes.limits)
        return None if claim is None else self._work_off(claim)

    def _work_off(self, claim: Claim) -> bool:
        """Work them off; return False where none of them can be read here."""
        try:
            applied = self._apply(claim)
        except (UnreadableJobError, UnknownVersionError):
            sound = self._claims.sort_out(claim)
            return sound is not None and self._work_off(sound)
        except ImportGoneError:
            self._drop(claim)
        except TooManyFailedError:
            checkpoint.take(self.services.redis, claim.import_id)
            self._drop(claim)
        except TransientError as error:
            self._put_off(claim, error)
        except RecordTypeError as error:
            self._pause(claim, error.message)
        except Exception:
            # A fault of our own: whichever row brings it about is found by running each alone.
            self._claims.give_back(claim, GivenBack.DIED)
            raise
        except BaseException:
            self._claims.give_back(claim, GivenBack.UNTOUCHED)
            raise
        else:
            self._setbacks = 0
            self._clear(claim, applied)
            if applied.state.status == Status.COMPLETED:
                log.info("import %s completed", claim.import_id)
                clean_completed(self.services, claim.import_id)
            elif applied.state.status == Status.PAUSING:
                checkpoint.drop_lease(self.services.redis, claim.import_id)
        return True

    def _apply(self, claim: Claim) -> Applied:
        if claim.timeouts >= MAX_TIMEOUTS:
            (late,) = claim.attempts()
            raise RecordTypeError(f"row {late.row_number} (line {late.line_number}) always takes too long.")
        began = time.monotonic()
        applied = self._batches.apply(claim.import_id, claim.datas, deaths=claim.deaths)
        reached = len(claim) - len(applied.unreached)
        self._sizes.took(claim.import_id, reached, time.monotonic() - began)
        return applied

    def _clear(self, claim: Claim, applied: Applied) -> None:
        """After COMMIT: forget the jobs of rows that have ended, fail those that RQ shows, put back the unreached.

        Where the claim was put back meanwhile, the failed rows' jobs are left to whoever takes them next.
        """
        shown = self._failed_jobs.shown(applied)
        job_id = partial(row_job_id, claim.import_id)
        keep = [job_id(failure.attempt.row_number) for failure in shown]
        keep += map(job_id, sorted(applied.unreached))
        again = set(map(job_id, applied.again))
        is_held = self._claims.clear(claim, keep=keep, again=again)
        if is_held and shown:
            self._failed_jobs.record(claim, shown)
        if is_held and keep:
            self._claims.give_back(claim, GivenBack.UNTOUCHED)

    def _drop(self, claim: Claim) -> None:
        log.info("import %s takes these rows no more: %s dropped", claim.import_id, len(claim))
        self._claims.drop(claim)

    def _put_off(self, claim: Claim, error: TransientError) -> None:
        """Wait a little longer each time; the rows are back on the queue meanwhile, for whoever can take them."""
        log.warning("import %s: %s rows put off: %s", claim.import_id, len(claim), error.message)
        self._sizes.set_back(claim.import_id)
        self._claims.give_back(claim, GivenBack.TIMEOUT if error.is_timeout else GivenBack.UNTOUCHED)
        self._setbacks += 1
        self.heartbeat()
        stop_requested.wait(min(0.1 * 2**self._setbacks, MAX_BACKOFF_SECONDS))

    def _pause(self, claim: Claim, detail: str) -> None:
        """The record type is broken: pause, and drop the rows from Redis; resuming dispatches them again.

        An import that had completed is not paused: its retried rows stay failed, and say why.
        """
        log.error("import %s: the record type is broken: %s", claim.import_id, detail)
        sound = self._claims.sort_out(claim)
        row_numbers = [attempt.row_number for attempt in sound.attempts()] if sound is not None else []
        with Session(self.services.engine) as session:
            try_move(session, claim.import_id, Status.PAUSING, reason=Reason.RECORD_TYPE_BROKEN, detail=detail)
            refuse_retries(session, claim.import_id, row_numbers, detail)
            session.commit()
        checkpoint.take(self.services.redis, claim.import_id)
        self._drop(claim)
