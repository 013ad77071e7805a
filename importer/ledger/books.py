"""An import's books: its counters, the ledger and the failed rows; compared and corrected.

The ledger says which rows have ended, `failed_rows` which of these failed (docs/design.md, rule 11): counters that
disagree with them are set right after them.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from importer.ledger.counters import Change, settle
from importer.ledger.lines import count_rows
from importer.models import FailedRow, Import

NO_TIMEOUT = text("SET LOCAL statement_timeout = 0")
"""The largest imports are those that matter most."""

COUNT_GROUNDLESS = text("""
SELECT count(*) FROM failed_rows
WHERE import_sequence = :sequence
    AND NOT EXISTS (SELECT FROM ledger WHERE rows @> (import_sequence << 32 | row_number))
""")

TOUCH = text("UPDATE imports SET failed_rows = failed_rows WHERE sequence = :sequence")
"""Tells who keeps what was counted of the failed rows that they are others now."""

FORGET_GROUNDLESS = text("""
DELETE FROM failed_rows
WHERE import_sequence = :sequence
    AND NOT EXISTS (SELECT FROM ledger WHERE rows @> (import_sequence << 32 | row_number))
""")


class Books(NamedTuple):
    """What is said of an import in each place, all of one moment.

    Attributes:
        imported, failed: by its counters.
        ended: rows in the ledger.
        listed: failed rows.
        groundless: of these, the ones that have not ended according to the ledger.
    """

    status: str
    total_rows: int | None
    is_cleaned: bool
    imported: int
    failed: int
    ended: int
    listed: int
    groundless: int


def read_books(session: Session, import_: Import) -> Books:
    """Compare counters, ledger and failed rows; begins a transaction."""
    session.commit()
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    return _read(session, import_)


def _read(session: Session, import_: Import) -> Books:
    session.execute(NO_TIMEOUT)
    session.refresh(import_)
    of_import = {"sequence": import_.sequence}
    listed = select(func.count()).select_from(FailedRow).where(FailedRow.import_sequence == import_.sequence)
    return Books(
        status=import_.status,
        total_rows=import_.total_rows,
        is_cleaned=import_.cleaned_at is not None,
        imported=import_.imported_rows,
        failed=import_.failed_rows,
        ended=count_rows(session.connection(), import_.sequence),
        listed=session.scalar(listed) or 0,
        groundless=session.scalar(COUNT_GROUNDLESS, of_import) or 0,
    )


def recount(session: Session, import_: Import) -> None:
    """Set the counters after ledger and failed rows, with the import's row locked: no batch moves them meanwhile.

    The ledger does not say how a row was imported: those that are missing are counted as unchanged, and of a
    surplus the unchanged are the first to go.
    """
    session.execute(select(Import.id).where(Import.id == import_.id).with_for_update())
    books = _read(session, import_)
    left, counters = books.ended - books.listed, {"failed_rows": books.listed}
    for name in ("created_rows", "updated_rows", "superseded_rows"):
        counters[name] = min(getattr(import_, name), left)
        left -= counters[name]
    session.execute(update(Import).where(Import.id == import_.id).values(unchanged_rows=left, **counters))
    complete(session, import_)


def complete(session: Session, import_: Import) -> None:
    """Complete the import if its counters add up."""
    settle(session.connection(), import_.id, Change())
    session.commit()


def forget_groundless(session: Session, import_: Import) -> None:
    """Remove the failed rows that have not ended: they are read again, or belong to nothing."""
    session.execute(FORGET_GROUNDLESS, {"sequence": import_.sequence})
    session.execute(TOUCH, {"sequence": import_.sequence})
    session.commit()
