"""Finds what a crash, a wipe or a lost message has left undone, and puts it back to work.

Dispatchers and workers run a pass every few seconds, one of them at a time. Each step compares what is with what
should be; it may be repeated, or run twice at once (docs/design.md, rules 2, 3, 5 and 17).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from redis.exceptions import OutOfMemoryError, RedisError
from rq.worker_registration import clean_worker_registry
from sqlalchemy import Select, exists, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from importer.errors import ImporterError, StorageError
from importer.lifecycle.cleaning import clean, delete_some
from importer.lifecycle.dispatching import begin_at_first_row
from importer.lifecycle.transitions import try_move
from importer.models import FailedRow, Import
from importer.queue import checkpoint, keys, queues
from importer.services import Services
from importer.statuses import DISPATCHED, ENDED, TAKES_ROWS, Reason, Status
from importer.time_limits import (
    RECOVERY_TURN_MILLISECONDS,
    RETRY_GRACE_SECONDS,
    STALE_UPLOAD_SECONDS,
    STALL_REMEMBERED_SECONDS,
)
from jobs.rows.claims import Claims

log = logging.getLogger(__name__)

SWEEP_SECONDS = 20


class Recovery:
    """One pass after another over everything that can be left undone."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._redis = services.redis
        self._claims = Claims(services.redis)
        self._next_sweep = time.monotonic()

    def run(self) -> bool:
        """Run a pass, unless another process has just done so; return whether it was run.

        Raises:
            RedisError, SQLAlchemyError, StorageError: a part is away; the next pass tries again.
        """
        if not self._is_its_turn():
            return False
        self._return_jobs()
        self._dispatch_unattended()
        self._finish_pausing()
        self._rewind_stalled()
        self._give_up_stale_uploads()
        self._clean_ended()
        self._drop_stray_checkpoints()
        return True

    def _is_its_turn(self) -> bool:
        try:
            return bool(self._redis.set(keys.RECOVERY_TURN, 1, nx=True, px=RECOVERY_TURN_MILLISECONDS))
        except OutOfMemoryError:
            return True  # returned jobs make room in the end, and two passes at once do no harm

    def _return_jobs(self) -> None:
        returned = self._claims.return_expired()
        if returned:
            log.warning("%s row jobs of dead workers are back on the queue", returned)
        stuck = self._claims.return_stuck()
        if stuck:
            log.warning("%s row jobs left between pop and claim are back on the queue", stuck)
        for import_id in queues.started_slices(self._redis):
            if not checkpoint.is_leased(self._redis, import_id):
                queues.drop_lost_slices(self._redis, import_id)
        for name in (queues.HIGH, queues.LOW):
            clean_worker_registry(queues.queue_named(name, self._redis))

    def _dispatch_unattended(self) -> None:
        """Enqueue a slice for each import that needs a dispatcher and has none."""
        retried = (
            exists()
            .where(FailedRow.import_sequence == Import.sequence)
            .where(FailedRow.retry_requested_at < datetime.now(UTC) - timedelta(seconds=RETRY_GRACE_SECONDS))
        )
        unread = Import.status.in_(DISPATCHED) & (Import.total_rows.is_(None))
        wanted = select(Import).where(
            Import.status.in_(TAKES_ROWS), Import.deleted_at.is_(None), or_(unread, retried)
        )
        self._for_each(wanted, self._dispatch_if_unattended)

    def _dispatch_if_unattended(self, session: Session, import_: Import) -> None:
        if checkpoint.is_leased(self._redis, import_.id) or queues.is_slice_queued(self._redis, import_.id):
            return
        queues.drop_lost_slices(self._redis, import_.id)
        if import_.status in DISPATCHED:
            self._rewind_if_forgotten(session, import_)
            log.warning("import %s had no dispatcher; one is enqueued", import_.id)
        queues.enqueue_slice(self._redis, import_.id)

    def _rewind_if_forgotten(self, session: Session, import_: Import) -> None:
        if begin_at_first_row(session, self._services, import_):
            log.warning("import %s had no checkpoint; it is read again from its first row", import_.id)

    def _finish_pausing(self) -> None:
        """Mark pausing imports as paused once their dispatcher has left and no row of them is queued."""
        self._for_each(select(Import).where(Import.status == Status.PAUSING), self._pause_if_drained)

    def _pause_if_drained(self, session: Session, import_: Import) -> None:
        if checkpoint.is_leased(self._redis, import_.id) or queues.queued_rows(self._redis, import_.id):
            return
        try_move(session, import_.id, Status.PAUSED)
        session.commit()

    def _rewind_stalled(self) -> None:
        """Read again each import whose rows have neither all ended nor wait anywhere: Redis has lost some."""
        wanted = select(Import).where(Import.status.in_(DISPATCHED), Import.total_rows.is_not(None))
        self._for_each(wanted, self._rewind_if_stalled)

    def _rewind_if_stalled(self, session: Session, import_: Import) -> None:
        """An import stands still if two passes in a row find no queued row and no progress."""
        key = keys.stalled(import_.id)
        if checkpoint.is_leased(self._redis, import_.id) or queues.queued_rows(self._redis, import_.id):
            self._redis.delete(key)
            return
        before = self._redis.set(key, import_.ended_rows, ex=STALL_REMEMBERED_SECONDS, get=True)
        if before != str(import_.ended_rows).encode():
            return
        ended, total = import_.ended_rows, import_.total_rows
        log.warning("import %s: %s of %s rows ended, none queued: read again", import_.id, ended, total)
        self._redis.delete(key)
        checkpoint.take(self._redis, import_.id)
        self._rewind_if_forgotten(session, import_)
        queues.enqueue_slice(self._redis, import_.id)

    def _give_up_stale_uploads(self) -> None:
        limit = datetime.now(UTC) - timedelta(seconds=STALE_UPLOAD_SECONDS)
        wanted = select(Import).where(Import.status == Status.UPLOADING, Import.upload_seen_at < limit)
        self._for_each(wanted, self._give_up_upload)

    def _give_up_upload(self, session: Session, import_: Import) -> None:
        log.warning("import %s: its upload broke off", import_.id)
        minutes = STALE_UPLOAD_SECONDS // 60
        try_move(
            session,
            import_.id,
            Status.STOPPED,
            only_from=[Status.UPLOADING],
            reason=Reason.UPLOAD_BROKE_OFF,
            detail=f"The upload broke off: no bytes came for {minutes} minutes. Upload the file again.",
        )
        session.commit()

    def _clean_ended(self) -> None:
        """Clear what ended imports have left in Redis and S3, and deleted ones in Postgres."""
        ended = Import.status.in_(ENDED | {Status.CANCELLING}) & Import.cleaned_at.is_(None)
        wanted = select(Import).where(or_(ended, Import.deleted_at.is_not(None))).limit(20)
        self._for_each(wanted, self._clean)

    def _clean(self, session: Session, import_: Import) -> None:
        if import_.cleaned_at is None:
            clean(session, self._services, import_)
        if import_.deleted_at is not None:
            delete_some(session, import_)

    def _drop_stray_checkpoints(self) -> None:
        """Delete checkpoints of ended imports, which a Redis that was set back (by a failover, say) may hold."""
        if time.monotonic() < self._next_sweep:
            return
        held = checkpoint.imports_with_checkpoint(self._redis)
        with Session(self._services.engine) as session:
            wanted = select(Import.id).where(Import.id.in_(held), Import.cleaned_at.is_(None))
            in_use = set(session.scalars(wanted))
        for import_id in held - in_use:
            checkpoint.take(self._redis, import_id)
        self._next_sweep = time.monotonic() + SWEEP_SECONDS

    def _for_each(self, wanted: Select[Import], step: Callable[[Session, Import], None]) -> None:
        """Apply a step to every import found; where it fails for one, the others still have their turn."""
        with Session(self._services.engine, expire_on_commit=False) as session:
            for import_ in session.scalars(wanted).all():
                try:
                    step(session, import_)
                except (RedisError, SQLAlchemyError, StorageError):
                    raise
                except ImporterError as error:
                    session.rollback()
                    log.warning("import %s: recovery: %s", import_.id, error.message)
                except Exception:  # raised, it would end the worker's loop again and again
                    session.rollback()
                    log.exception("import %s: recovery failed", import_.id)
