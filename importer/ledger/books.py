"""An import's books: counters, lines in the ledger, and reasons of failed rows; compared and corrected.

The ledger decides (docs/design.md, rule 11): what disagrees with it is set right after it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from importer.ledger.counters import Change, settle
from importer.models import Import, RowOutcome

COUNTS = text("""
SELECT status, total_rows, cleaned_at, failed_rows AS failed,
    created_rows + updated_rows + unchanged_rows + superseded_rows AS imported,
    in_ledger + folded_rows AS in_ledger, failed_in_ledger, unexplained, groundless
FROM imports
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE outcome = :imported) AS in_ledger,
        count(*) FILTER (WHERE outcome = :failed) AS failed_in_ledger,
        count(*) FILTER (WHERE outcome = :failed AND code IS NULL) AS unexplained
    FROM ledger LEFT JOIN failed_rows USING (import_sequence, row_number)
    WHERE import_sequence = sequence
) AS books
CROSS JOIN LATERAL (
    SELECT count(*) AS groundless
    FROM failed_rows LEFT JOIN ledger USING (import_sequence, row_number)
    WHERE import_sequence = sequence AND outcome IS DISTINCT FROM :failed
) AS reasons
WHERE id = :id
""")
"""In one statement, so that all are of one moment."""

NO_TIMEOUT = text("SET LOCAL statement_timeout = 0")
"""The largest imports are those that matter most."""

RECOUNT = text("""
UPDATE imports SET
    failed_rows = :failed,
    unchanged_rows = unchanged_rows + GREATEST(:missing, 0) - LEAST(unchanged_rows, :surplus),
    updated_rows = updated_rows - LEAST(updated_rows, GREATEST(:surplus - unchanged_rows, 0)),
    created_rows = created_rows - LEAST(created_rows, GREATEST(:surplus - unchanged_rows - updated_rows, 0)),
    superseded_rows = superseded_rows - GREATEST(:surplus - unchanged_rows - updated_rows - created_rows, 0)
WHERE id = :id
""")
"""The ledger decides. It does not say how a row was imported: those missing are counted as unchanged."""

EXPLAIN = text("""
INSERT INTO failed_rows (import_sequence, row_number, line_number, code, message, cells, problem)
SELECT import_sequence, row_number, 0, 'unexplained', :message, '[]',
    jsonb_build_array('unexplained', CAST(:message AS text), NULL)
FROM ledger LEFT JOIN failed_rows USING (import_sequence, row_number)
WHERE import_sequence = :sequence AND outcome = :failed AND code IS NULL
ON CONFLICT DO NOTHING
""")
"""With a problem, so that a retry fails again: it has no cells to try."""

FORGET = text("""
DELETE FROM failed_rows WHERE import_sequence = :sequence AND NOT EXISTS (
    SELECT FROM ledger WHERE ledger.import_sequence = failed_rows.import_sequence
        AND ledger.row_number = failed_rows.row_number AND outcome = :failed)
""")

UNEXPLAINED = "The row failed, but its cells and its reason were lost. Upload it again in a file of its own."

OUTCOMES = {"imported": int(RowOutcome.IMPORTED), "failed": int(RowOutcome.FAILED)}


def read_books(session: Session, import_: Import) -> Row[Any]:
    """Status, counters, and how many lines and reasons there are, all of one moment.

    Returns:
        The columns of `COUNTS`; `in_ledger` are imported rows, the folded ones included, `unexplained` failed rows
        have no reason, `groundless` reasons no failed row.
    """
    session.execute(NO_TIMEOUT)
    return session.execute(COUNTS, {"id": import_.id, **OUTCOMES}).one()


def recount(session: Session, import_: Import) -> None:
    """Set the counters after the ledger, with the import's row locked: no batch moves them meanwhile."""
    session.execute(select(Import.id).where(Import.id == import_.id).with_for_update())
    counts = read_books(session, import_)
    missing = counts.in_ledger - counts.imported
    values = {"failed": counts.failed_in_ledger, "missing": missing, "surplus": max(-missing, 0)}
    session.execute(RECOUNT, {"id": import_.id, **values})
    complete(session, import_)


def complete(session: Session, import_: Import) -> None:
    """Complete the import if its counters add up."""
    settle(session.connection(), import_.id, Change())
    session.commit()


def explain(session: Session, import_: Import) -> None:
    """Give a reason to the failed rows that have none."""
    values = {"sequence": import_.sequence, "failed": OUTCOMES["failed"], "message": UNEXPLAINED}
    session.execute(EXPLAIN, values)
    session.commit()


def forget_groundless(session: Session, import_: Import) -> None:
    """Remove the reasons of rows that have not failed."""
    session.execute(FORGET, {"sequence": import_.sequence, "failed": OUTCOMES["failed"]})
    session.commit()
