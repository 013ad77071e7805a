"""What was changed in the cells of failed rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.orm import Session

from importer.errors import OutdatedRowError, RefusedCellError, UnknownRowError
from importer.files.corrected_rows import Corrected, corrected, is_cut, refusal_of
from importer.files.problems import Limits, Problem
from importer.models import Correction, FailedRow, Import, User

ROWS_PER_DELETE = 2_000

CHANGE = """
UPDATE failed_rows SET cells = changed.cells, problem = changed.problem, retry_requested_at = now()
FROM unnest(%(row_numbers)s::integer[], %(cells)s::text[], %(problems)s::jsonb[])
    AS changed (row_number, cells, problem)
WHERE failed_rows.import_sequence = %(sequence)s AND failed_rows.row_number = changed.row_number
"""

CORRECT = """
INSERT INTO corrections (import_sequence, row_number, attempt, changes, made_by, repair_id)
SELECT %(sequence)s, row_number, attempt, changes, %(made_by)s, %(repair)s
FROM unnest(%(row_numbers)s::integer[], %(attempts)s::integer[], %(changes)s::text[])
    AS corrected (row_number, attempt, changes)
ON CONFLICT (import_sequence, row_number, attempt) DO UPDATE SET
    changes = left(corrections.changes, -1) || ', ' || substr(excluded.changes, 2),
    made_by = excluded.made_by,
    made_at = now(),
    repair_id = excluded.repair_id
"""
"""An attempt that was given up before it began has a correction already: its changes came first."""

DELETE_SOME = """
DELETE FROM corrections WHERE (import_sequence, row_number, attempt) IN (
    SELECT import_sequence, row_number, attempt FROM corrections
    WHERE import_sequence = %(sequence)s LIMIT %(most)s)
"""

DELETE_REPAIRS = "DELETE FROM repairs WHERE import_sequence = %(sequence)s"


def delete_some_corrections(connection: Connection, sequence: int) -> bool:
    """Delete some corrections of an import, at most 2,000; say whether there were any."""
    portion = {"sequence": sequence, "most": ROWS_PER_DELETE}
    return connection.exec_driver_sql(DELETE_SOME, portion).rowcount > 0


def delete_repairs(connection: Connection, sequence: int) -> bool:
    """Delete the rules for failed rows of an import; say whether there were any."""
    return connection.exec_driver_sql(DELETE_REPAIRS, {"sequence": sequence}).rowcount > 0


def correct(
    session: Session,
    import_: Import,
    row_number: int,
    attempt: int,
    changes: Mapping[int, str],
    user_id: int | None,
    limits: Limits,
) -> None:
    """Give a failed row new cells and ask for its retry, within the caller's transaction.

    Args:
        attempt: how many had failed when the row was shown; of a row tried since, nothing is changed.
        changes: new texts, by the place of their cell, from 0.
        user_id: who corrects; None: somebody at the command line.

    Raises:
        UnknownRowError: it is no failed row; where somebody corrected it, the message says who.
        OutdatedRowError: it was tried or changed since, or is being tried now.
        RefusedCellError: a text cannot be kept, or nothing would change.
    """
    row = _lock(session, import_, row_number)
    _refuse_outdated(session, import_, row, attempt)
    after = correction_of(row, changes, limits)
    if not after.changes:
        raise RefusedCellError("Nothing was changed: the row stays as it is.")
    _keep(session, row, after, user_id)
    session.execute(
        update(FailedRow)
        .where(FailedRow.import_sequence == row.import_sequence, FailedRow.row_number == row_number)
        .values(
            cells=after.cells,
            problem=None if after.problem is None else list(after.problem),
            retry_requested_at=func.now(),
        )
        .execution_options(synchronize_session=False)
    )


def correction_of(row: FailedRow, changes: Mapping[int, str], limits: Limits) -> Corrected:
    """A failed row with these changes.

    Raises:
        RefusedCellError: a text cannot be kept, or only the beginning of the row was.
    """
    if is_cut(Problem(*row.problem) if row.problem else None):
        raise RefusedCellError(
            "Only the beginning of this row was kept, because it is too long. Correct it in the file, and import"
            " that."
        )
    refused = refusal_of(row.cells, changes, limits)
    if refused is not None:
        raise RefusedCellError(refused.sentence, refused.place)
    return corrected(row.cells, changes, limits)


def _lock(session: Session, import_: Import, row_number: int) -> FailedRow:
    wanted = select(FailedRow).where(
        FailedRow.import_sequence == import_.sequence, FailedRow.row_number == row_number
    )
    row = session.scalar(wanted.with_for_update().execution_options(populate_existing=True))
    if row is None:
        told = _last_change(session, import_, row_number)
        raise UnknownRowError(f"Row {row_number:,} is not a failed row. {told}".rstrip())
    return row


def _refuse_outdated(session: Session, import_: Import, row: FailedRow, attempt: int) -> None:
    number = row.row_number
    if row.discarded_at is not None:
        raise OutdatedRowError(f"Row {number:,} was discarded. Bring it back before you correct it.")
    is_tried = row.retry_requested_at is not None or _is_to_be_asked_for(import_, number)
    if is_tried or row.attempts != attempt:
        told = _last_change(session, import_, number)
        since = "is being tried again" if is_tried else "was tried again since it was shown"
        raise OutdatedRowError(f"Row {number:,} {since}. {told} Look at it again.".replace("  ", " "))


def _is_to_be_asked_for(import_: Import, row_number: int) -> bool:
    """Whether all failed rows are to be tried, and the portion of this one is to come."""
    return import_.retry_after is not None and row_number > import_.retry_after


def _last_change(session: Session, import_: Import, row_number: int) -> str:
    """Who changed a row last, as a sentence; empty where nobody did."""
    found = session.execute(
        select(Correction.made_at, User.email)
        .outerjoin(User, User.id == Correction.made_by)
        .where(Correction.import_sequence == import_.sequence, Correction.row_number == row_number)
        .order_by(Correction.attempt.desc())
        .limit(1)
    ).one_or_none()
    return f"{found.email or 'Somebody'} changed it at {found.made_at:%H:%M} UTC." if found else ""


def _keep(session: Session, row: FailedRow, after: Corrected, user_id: int | None) -> None:
    """Keep what was changed. An attempt whose retry was taken back before it began has a correction already."""
    kept = session.get(Correction, (row.import_sequence, row.row_number, row.attempts + 1))
    if kept is None:
        kept = Correction(
            import_sequence=row.import_sequence, row_number=row.row_number, attempt=row.attempts + 1, changes=[]
        )
        session.add(kept)
    kept.changes = _merged(kept.changes, after)
    kept.made_by, kept.made_at = user_id, func.now()
    session.flush()


def _merged(earlier: list[Any], after: Corrected) -> list[Any]:
    """What was changed in all: the text before of the earlier change, the text after of the later one."""
    changes = {place: (place, before, text) for place, before, text in earlier}
    for place, before, text in after.changes:
        changes[place] = (place, changes.get(place, (place, before))[1], text)
    return [list(change) for change in changes.values()]
