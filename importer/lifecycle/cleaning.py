"""Removes what an ended import leaves in Redis and S3, and all that a deleted one leaves.

Every step may be repeated; recovery calls these until they have succeeded (docs/design.md, rule 17).
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, func, text, update
from sqlalchemy.orm import Session

from importer.ledger.lines import delete_lines
from importer.lifecycle.transitions import try_move
from importer.models import FailedRow, Import
from importer.queue import checkpoint, queues
from importer.services import Services
from importer.statuses import ENDED, Status

ROWS_PER_DELETE = 50_000
"""Failed rows that one statement deletes."""

DELETE_FAILED_ROWS = text("""
DELETE FROM failed_rows WHERE import_sequence = :sequence AND row_number IN (
    SELECT row_number FROM failed_rows WHERE import_sequence = :sequence LIMIT :rows)
""")

DELETE_IMPORT = text("""
DELETE FROM imports WHERE id = :id AND NOT EXISTS (SELECT FROM failed_rows WHERE import_sequence = :sequence)
""")
"""Two who delete the same failed rows each find fewer than there are: only an import without any goes."""


def clean(session: Session, services: Services, import_: Import) -> None:
    """Clear Redis and S3 of an import that is ending or has ended, and say so in Postgres.

    Raises:
        RedisError, StorageError: it has to be tried again.
    """
    if import_.status not in ENDED and import_.status != Status.CANCELLING:
        return
    is_deleted = import_.deleted_at is not None
    _take_checkpoint(session, services, import_)
    if is_deleted or import_.status != Status.COMPLETED:  # a completed import may have retries on the way
        _forget_retries(session, import_)
        queues.drop_slices(services.redis, import_.id, failed=is_deleted)
        queues.drop_row_jobs(services.redis, import_.id, failed=is_deleted)
    _remove_file(services, import_)
    _note_cleaned(session, import_)


def _remove_file(services: Services, import_: Import) -> None:
    if import_.uploaded_at is None:
        services.storage.abort_uploads_of(import_.object_key)
        services.storage.delete(import_.object_key)
    elif not services.settings.keep_files or import_.deleted_at is not None:
        services.storage.delete(import_.object_key)


def _take_checkpoint(session: Session, services: Services, import_: Import) -> None:
    """Noted before, for the reply of taking it may be lost, and after, for a dispatcher may have moved it."""
    reached = checkpoint.read(services.redis, import_.id)
    _note_dispatched(session, import_, reached and reached.row_number)
    _note_dispatched(session, import_, checkpoint.take(services.redis, import_.id))


def _forget_retries(session: Session, import_: Import) -> None:
    """Its rows take no effect any more: nobody is to wait for them."""
    asked = (FailedRow.import_sequence == import_.sequence, FailedRow.retry_requested_at.is_not(None))
    session.execute(update(FailedRow).where(*asked).values(retry_requested_at=None))
    session.commit()


def _note_dispatched(session: Session, import_: Import, dispatched: int | None) -> None:
    if dispatched:
        reached = func.greatest(Import.dispatched_rows, dispatched)
        session.execute(update(Import).where(Import.id == import_.id).values(dispatched_rows=reached))
        session.commit()


def _note_cleaned(session: Session, import_: Import) -> None:
    if not try_move(session, import_.id, Status.CANCELLED, cleaned_at=func.now()):
        session.execute(update(Import).where(Import.id == import_.id).values(cleaned_at=func.now()))
    session.commit()
    session.refresh(import_)


def delete_some(session: Session, import_: Import) -> bool:
    """Delete a deleted import's ledger and up to 50,000 of its failed rows, at the end the import itself.

    Returns:
        Whether nothing is left of it.
    """
    of_import = {"sequence": import_.sequence}
    # In the order in which a batch locks them, or the two could wait for each other.
    session.execute(DELETE_FAILED_ROWS, {**of_import, "rows": ROWS_PER_DELETE})
    delete_lines(session.connection(), import_.sequence)
    deleted = cast(CursorResult[Any], session.execute(DELETE_IMPORT, {**of_import, "id": import_.id}))
    session.commit()
    return deleted.rowcount == 1
