"""Removes what an ended import leaves in Redis, S3 and, later, the ledger, and all that a deleted one leaves.

Every step may be repeated; recovery calls these until they have succeeded (docs/design.md, rule 17).
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, text, update
from sqlalchemy.orm import Session

from importer.lifecycle.transitions import try_move
from importer.models import FailedRow, Import, RowOutcome
from importer.queue import checkpoint, queues
from importer.services import Services
from importer.statuses import ENDED, Status

ROWS_AT_ONCE = 50_000

DELETE_LEDGER = text("""
DELETE FROM ledger WHERE import_sequence = :sequence AND row_number IN (
    SELECT row_number FROM ledger WHERE import_sequence = :sequence LIMIT :rows)
""")

DELETE_FAILED_ROWS = text("""
DELETE FROM failed_rows WHERE import_sequence = :sequence AND row_number IN (
    SELECT row_number FROM failed_rows WHERE import_sequence = :sequence LIMIT :rows)
""")

FOLDED_AT_ONCE = 20_000

FOLD_LEDGER = text("""
WITH folded AS (
    DELETE FROM ledger WHERE import_sequence = :sequence AND outcome = :imported AND row_number IN (
        SELECT row_number FROM ledger
        WHERE import_sequence = :sequence AND outcome = :imported
        ORDER BY row_number LIMIT :rows)
    RETURNING row_number
), counted AS (
    SELECT count(*) AS rows FROM folded
)
UPDATE imports SET folded_rows = folded_rows + counted.rows FROM counted WHERE sequence = :sequence
RETURNING counted.rows
""")


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
    """Delete up to 50,000 lines each of a deleted import's ledger and failed rows, at the end the import itself.

    Returns:
        Whether nothing is left of it.
    """
    at_once = {"sequence": import_.sequence, "rows": ROWS_AT_ONCE}
    results = [session.execute(statement, at_once) for statement in (DELETE_LEDGER, DELETE_FAILED_ROWS)]
    finished = all(cast(CursorResult[Any], result).rowcount < ROWS_AT_ONCE for result in results)
    if finished:
        session.execute(delete(Import).where(Import.id == import_.id))
    session.commit()
    return finished


def fold_some(session: Session, import_: Import) -> int:
    """Fold up to 20,000 of an ended import's imported rows: a number takes the place of their lines in the ledger.

    The lines of failed rows stay, as these may still be retried (docs/design.md, rule 11).

    Returns:
        How many were folded.
    """
    values = {"sequence": import_.sequence, "imported": int(RowOutcome.IMPORTED), "rows": FOLDED_AT_ONCE}
    folded: int = session.execute(FOLD_LEDGER, values).scalar_one()
    session.commit()
    return folded
