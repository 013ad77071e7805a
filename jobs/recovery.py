"""Finds what a crash, a wipe or a lost message has left undone, and puts it back to work.

Dispatchers and workers run a pass every few seconds, one of them at a time. Each step compares what is with what
should be; it may be repeated, or run twice at once (docs/design.md, rules 2, 3, 5 and 17). A pass looks at all
imports by a few commands, and works on those alone that need it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from redis import Redis
from redis.exceptions import OutOfMemoryError
from rq.worker_registration import clean_worker_registry
from sqlalchemy import select
from sqlalchemy.orm import Session

from importer.ledger.corrected_files import imports_with_files
from importer.ledger.rates import sample
from importer.ledger.retries import imports_with_retries
from importer.lifecycle.dispatching import begin_at_first_row, convert
from importer.lifecycle.event_kinds import EventKind
from importer.lifecycle.events import record_in
from importer.lifecycle.transitions import try_move
from importer.models import Import
from importer.queue import checkpoint, conversions, keys, queues
from importer.services import Services
from importer.statuses import DISPATCHED, Status
from importer.time_limits import RECOVERY_TURN_MILLISECONDS, RETRY_GRACE_SECONDS, STALL_REMEMBERED_SECONDS
from jobs.clearing import Clearing
from jobs.each_import import for_each
from jobs.postman import Postman
from jobs.rows.claims import Claims, Returned

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Survey:
    """What Postgres and Redis say of the imports that are at work.

    Redis is asked after Postgres, and the leases before the queue: a dispatcher that has left pushes no more.

    Attributes:
        unread: imports whose file is still to be read.
        read: imports all of whose rows were pushed, and have not all ended.
        pausing: imports that are being paused.
        retried: imports with failed rows that are to be tried again.
        attended: imports at which a dispatcher is at work.
        waiting: imports of which a slice waits.
        queued: imports with row jobs that wait or are claimed.
        unconverted: imports whose file is to be converted, at which no converter is and of which none waits.
        uncorrected: likewise those with corrected files that are to be taken in.
    """

    unread: list[str]
    read: list[str]
    pausing: list[str]
    retried: list[str]
    attended: set[str]
    waiting: set[str]
    queued: set[str]
    unconverted: list[str]
    uncorrected: list[str]

    @classmethod
    def make(cls, services: Services) -> Survey:
        """Ask both."""
        unread: list[str] = []
        read: list[str] = []
        pausing: list[str] = []
        with Session(services.engine) as session:
            at_work = Import.cleaned_at.is_(None) & Import.status.in_([*DISPATCHED, Status.PAUSING])
            for import_id, status, total in session.execute(
                select(Import.id, Import.status, Import.total_rows).where(at_work).order_by(Import.sequence)
            ):
                group = pausing if status == Status.PAUSING else unread if total is None else read
                group.append(import_id)
            before = datetime.now(UTC) - timedelta(seconds=RETRY_GRACE_SECONDS)
            retried = imports_with_retries(session, requested_before=before)
            converting = list(session.scalars(select(Import.id).where(Import.status == Status.CONVERTING)))
            corrected = imports_with_files(session)
        attended = checkpoint.leased_imports(services.redis, [*unread, *read, *pausing, *retried])
        waiting = queues.waiting_imports(services.redis)
        queued = set(queues.queued_rows_by_import(services.redis))
        left = _without_converter(services.redis, [*converting, *corrected])
        unconverted = [import_id for import_id in converting if import_id in left]
        uncorrected = [import_id for import_id in corrected if import_id in left]
        return cls(unread, read, pausing, retried, attended, waiting, queued, unconverted, uncorrected)


def _without_converter(redis: Redis, import_ids: list[str]) -> set[str]:
    """Those of the imports that nobody is at; the leases are asked for first, as a job becomes one."""
    if not import_ids:
        return set()
    leased = conversions.leased(redis, import_ids)
    return set(import_ids) - leased - queues.waiting_conversions(redis)


class Recovery:
    """One pass after another over everything that can be left undone."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._redis = services.redis
        self._claims = Claims(services.redis)
        self._clearing = Clearing(services)
        self._postman = Postman(services)

    def run(self) -> bool:
        """Run a pass, unless another process has just done so; return whether it was run.

        Raises:
            RedisError, SQLAlchemyError, StorageError: a part is away; the next pass tries again.
        """
        if not self._is_its_turn():
            return False
        returned = self._return_jobs()
        self._tell_of_deaths(returned)
        sample(self._services.engine)
        survey = Survey.make(self._services)
        self._dispatch_unattended(survey)
        self._finish_pausing(survey)
        self._rewind_stalled(survey)
        self._convert_unattended(survey)
        self._correct_unattended(survey)
        self._clearing.run()
        self._postman.run()
        return True

    def _is_its_turn(self) -> bool:
        try:
            return bool(self._redis.set(keys.RECOVERY_TURN, 1, nx=True, px=RECOVERY_TURN_MILLISECONDS))
        except OutOfMemoryError:
            return True  # returned jobs make room in the end, and two passes at once do no harm

    def _return_jobs(self) -> list[Returned]:
        """Put back what dead workers have left; return the row jobs of each."""
        returned = self._claims.return_expired()
        if returned:
            rows = sum(one.rows for one in returned)
            log.warning("%s row jobs of dead workers are back on the queue", rows)
        stuck = self._claims.return_stuck()
        if stuck:
            log.warning("%s row jobs left between pop and claim are back on the queue", stuck)
        for import_id in queues.started_slices(self._redis):
            if not checkpoint.is_leased(self._redis, import_id):
                queues.drop_lost_slices(self._redis, import_id)
        for name in (queues.HIGH, queues.LOW, queues.DEFAULT):
            clean_worker_registry(queues.queue_named(name, self._redis))
        return returned

    def _tell_of_deaths(self, returned: Sequence[Returned]) -> None:
        """Write into the history of each import which rows dead workers had."""

        def tell(session: Session, import_: Import) -> None:
            for one in returned:
                if one.import_id == import_.id:
                    seconds = round(one.seconds, 1)
                    record_in(session, import_, EventKind.WORKER_DIED, rows=one.rows, seconds=seconds)

        for_each(self._services, dict.fromkeys(one.import_id for one in returned), tell)

    def _dispatch_unattended(self, survey: Survey) -> None:
        """Enqueue a slice for each import that needs a dispatcher and has none."""
        wanted = dict.fromkeys(survey.unread + survey.retried)
        unattended = [id_ for id_ in wanted if id_ not in survey.attended and id_ not in survey.waiting]
        for_each(self._services, unattended, self._dispatch)

    def _dispatch(self, session: Session, import_: Import) -> None:
        queues.drop_lost_slices(self._redis, import_.id)
        if import_.status in DISPATCHED:
            if not self._rewind_if_forgotten(session, import_) and import_.status == Status.RUNNING:
                record_in(session, import_, EventKind.DISPATCHER_DIED)
            log.warning("import %s had no dispatcher; one is enqueued", import_.id)
        queues.enqueue_slice(self._redis, import_.id)

    def _rewind_if_forgotten(self, session: Session, import_: Import) -> bool:
        """Begin again at the first row where Redis has forgotten how far the file was read; say whether it had."""
        is_forgotten = begin_at_first_row(session, self._services, import_)
        if is_forgotten:
            log.warning("import %s had no checkpoint; it is read again from its first row", import_.id)
            if import_.started_at is not None:
                record_in(session, import_, EventKind.REWOUND)
        return is_forgotten

    def _convert_unattended(self, survey: Survey) -> None:
        """Enqueue a conversion for each file that is to be converted and that no converter has."""
        for_each(self._services, survey.unconverted, self._convert)

    def _convert(self, session: Session, import_: Import) -> None:
        if import_.status == Status.CONVERTING:
            queues.drop_conversions(self._redis, import_.id, failed=False)
            log.warning("import %s had no converter; its conversion is enqueued", import_.id)
            record_in(session, import_, EventKind.CONVERTER_DIED)
            session.commit()
            convert(session, self._services, import_)

    def _correct_unattended(self, survey: Survey) -> None:
        """Have the corrected files of each import taken in that no converter has."""
        for import_id in survey.uncorrected:
            queues.drop_conversions(self._redis, import_id, failed=False)
            log.warning("import %s: no converter had its corrected rows; they are enqueued", import_id)
            queues.enqueue_corrected_files(self._redis, import_id)

    def _finish_pausing(self, survey: Survey) -> None:
        """Mark pausing imports as paused once their dispatcher has left and no row of them is queued."""
        drained = [id_ for id_ in survey.pausing if id_ not in survey.attended and id_ not in survey.queued]
        for_each(self._services, drained, lambda session, import_: _pause(session, import_.id))

    def _rewind_stalled(self, survey: Survey) -> None:
        """Read again each import whose rows have neither all ended nor wait anywhere: Redis has lost some."""
        moving = survey.attended | survey.queued
        if moving:
            self._redis.delete(*map(keys.stalled, moving))
        for_each(self._services, [id_ for id_ in survey.read if id_ not in moving], self._rewind_if_stalled)

    def _rewind_if_stalled(self, session: Session, import_: Import) -> None:
        """An import stands still if two passes in a row find no queued row and no progress."""
        if import_.status not in DISPATCHED:
            return
        key = keys.stalled(import_.id)
        before = self._redis.set(key, import_.ended_rows, ex=STALL_REMEMBERED_SECONDS, get=True)
        if before != str(import_.ended_rows).encode():
            return
        ended, total = import_.ended_rows, import_.total_rows
        log.warning("import %s: %s of %s rows ended, none queued: read again", import_.id, ended, total)
        self._redis.delete(key)
        checkpoint.take(self._redis, import_.id)
        self._rewind_if_forgotten(session, import_)
        queues.enqueue_slice(self._redis, import_.id)


def _pause(session: Session, import_id: str) -> None:
    try_move(session, import_id, Status.PAUSED)
