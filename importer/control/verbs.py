"""Pause, resume, cancel, delete an import; retry its failed rows."""

from __future__ import annotations

import logging
from typing import Any, cast

from redis.exceptions import RedisError
from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import Session

from importer import checkpoint, queues
from importer.cleaning import clean, delete_some
from importer.dispatching import dispatch
from importer.errors import RefusedTransitionError, StorageError
from importer.models import FailedRow, Import, User
from importer.services import Services
from importer.statuses import RESUMABLE, TAKES_ROWS, Reason, Status
from importer.transitions import move, try_move

log = logging.getLogger(__name__)


def pause(session: Session, import_: Import, user: User) -> None:
    """Stop reading the file; the rows already queued are finished.

    Raises:
        RefusedTransitionError: the import is neither queued nor running.
    """
    move(session, import_, Status.PAUSING, reason=Reason.BY_PERSON, detail=user.email)
    session.commit()


def resume(session: Session, services: Services, import_: Import) -> None:
    """Go on with the next row, and allow as many failed rows again.

    Raises:
        RefusedTransitionError: the import is neither pausing nor paused.
    """
    move(
        session,
        import_,
        Status.QUEUED,
        only_from=RESUMABLE,
        allowed_failed_rows=Import.failed_rows + services.settings.max_failed_rows,
        failed_slices=0,
    )
    session.commit()
    dispatch(session, services, import_)


def cancel(session: Session, services: Services, import_: Import, user: User) -> None:
    """End the import now: from here on no row of it takes effect.

    Raises:
        RefusedTransitionError: the import has ended already.
    """
    move(session, import_, Status.CANCELLING, reason=Reason.BY_PERSON, detail=user.email)
    session.commit()
    _clean_now(session, services, import_)


def delete(session: Session, services: Services, import_: Import, user: User) -> None:
    """Remove the import with its ledger and failed rows, not the records; an unfinished one is cancelled first."""
    try_move(session, import_.id, Status.CANCELLING, reason=Reason.BY_PERSON, detail=user.email)
    gone = {"deleted_at": func.now(), "idempotency_key": None, "cleaned_at": None}
    session.execute(update(Import).where(Import.id == import_.id).values(gone))
    session.commit()
    # A session that keeps what it has read over a commit, as the web's does, still has the status of before.
    session.refresh(import_)
    _clean_now(session, services, import_)


def _clean_now(session: Session, services: Services, import_: Import) -> None:
    """What recovery would do within seconds anyway, so that nobody has to wait for it."""
    try:
        clean(session, services, import_)
        if import_.deleted_at is not None:
            delete_some(session, import_)
    except (RedisError, StorageError) as error:
        log.warning("import %s: cleaning up is left to recovery (%s)", import_.id, error)
        session.rollback()


def retry(session: Session, services: Services, import_: Import, row_number: int | None = None) -> int:
    """Have one failed row, or all of them, tried again; return how many.

    Raises:
        RefusedTransitionError: the import was cancelled or stopped.
    """
    if import_.status not in TAKES_ROWS:
        raise RefusedTransitionError(
            f"Import {import_.id} is {import_.status}: its failed rows cannot be retried."
        )
    of_import = FailedRow.import_sequence == import_.sequence
    wanted = select(FailedRow.row_number).where(of_import)
    if row_number is not None:
        wanted = wanted.where(FailedRow.row_number == row_number)
    # In the order of rows, as other retries lock and batches save them: two of them rarely deadlock.
    in_order = wanted.order_by(FailedRow.row_number).with_for_update().cte()
    marked = session.execute(
        update(FailedRow)
        .where(of_import, FailedRow.row_number.in_(select(in_order.c.row_number)))
        .values(retry_requested_at=func.now())
        .execution_options(synchronize_session=False)
    )
    session.commit()
    count = cast(CursorResult[Any], marked).rowcount
    if count:
        _enqueue_retries(services, import_)
    return count


def _enqueue_retries(services: Services, import_: Import) -> None:
    try:
        if not checkpoint.is_leased(services.redis, import_.id):
            queues.enqueue_slice(services.redis, import_.id)
    except RedisError as error:
        log.warning("import %s: retries are left to recovery (%s)", import_.id, error)
