"""Pauses, resumes, cancels and deletes an import."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from importer.lifecycle.cleaning import clean_now
from importer.lifecycle.dispatching import dispatch
from importer.lifecycle.event_kinds import EventKind
from importer.lifecycle.events import record_in
from importer.lifecycle.transitions import move, try_move
from importer.models import Import, User
from importer.services import Services
from importer.statuses import RESUMABLE, Reason, Status

log = logging.getLogger(__name__)

DELETION: dict[str, Any] = {"deleted_at": func.now(), "idempotency_key": None, "cleaned_at": None}
"""What marks an import as deleted."""


def pause(session: Session, import_: Import, user: User) -> None:
    """Stop reading the file; the rows already queued are finished.

    Raises:
        RefusedTransitionError: the import is neither queued nor running.
    """
    move(session, import_, Status.PAUSING, reason=Reason.BY_PERSON, detail=user.email, user_id=user.id)
    session.commit()


def resume(session: Session, services: Services, import_: Import, user: User) -> None:
    """Go on with the next row, and allow as many failed rows again.

    Raises:
        RefusedTransitionError: the import is neither pausing nor paused.
    """
    move(
        session,
        import_,
        Status.QUEUED,
        only_from=RESUMABLE,
        user_id=user.id,
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
    move(session, import_, Status.CANCELLING, reason=Reason.BY_PERSON, detail=user.email, user_id=user.id)
    session.commit()
    clean_now(session, services, import_)
    session.refresh(import_)


def delete(session: Session, import_: Import, user: User) -> None:
    """Remove the import with its ledger and failed rows, not the records; an unfinished one is cancelled first.

    From here on nobody sees it, and no row of it takes effect. However much it has left, recovery clears it away.
    """
    try_move(session, import_.id, Status.CANCELLING, reason=Reason.BY_PERSON, detail=user.email, user_id=user.id)
    record_in(session, import_, EventKind.DELETED, user.id)
    session.execute(update(Import).where(Import.id == import_.id).values(DELETION))
    session.commit()
