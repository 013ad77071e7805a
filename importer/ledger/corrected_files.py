"""Takes in rows of a corrected file: one transaction changes failed rows, and notes how far the file is done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from importer.files.exports.corrected_file import FileRow
from importer.files.exports.verdicts import CORRECTED, UNCHANGED, KeptRow, Verdict, verdict_of
from importer.files.problems import Limits, Problem
from importer.ledger.corrections import CHANGE, CORRECT
from importer.models import CorrectedFile, Import, Repair
from importer.record_types.literals import array_literal, integer_array_literal
from importer.statuses import TAKES_ROWS

EXAMPLES = 20
"""Row numbers that are named of those left alone for one reason."""

LOCK = """
SELECT row_number, cells, problem, attempts, discarded_at IS NOT NULL
FROM failed_rows
WHERE import_sequence = %(sequence)s AND row_number = ANY(%(row_numbers)s::integer[])
ORDER BY row_number
FOR UPDATE
"""

LAST_CORRECTIONS = """
SELECT DISTINCT ON (row_number) row_number, attempt, repair_id
FROM corrections
WHERE import_sequence = %(sequence)s AND row_number = ANY(%(row_numbers)s::integer[])
ORDER BY row_number, attempt DESC
"""


class GoneError(Exception):
    """Rows of this file were taken in by somebody else meanwhile, or the file is done."""


def imports_with_files(session: Session) -> list[str]:
    """Imports of which a corrected file is to be taken in or deleted."""
    waiting = select(CorrectedFile.import_sequence).where(CorrectedFile.is_stored)
    return list(session.scalars(select(Import.id).where(Import.sequence.in_(waiting)).order_by(Import.sequence)))


def first_file(session: Session, import_id: str) -> tuple[CorrectedFile, Repair] | None:
    """The first corrected file of an import that is to be taken in or deleted."""
    found = session.execute(
        select(CorrectedFile, Repair)
        .join(Repair, Repair.id == CorrectedFile.repair_id)
        .join(Import, Import.sequence == CorrectedFile.import_sequence)
        .where(Import.id == import_id, CorrectedFile.is_stored)
        .order_by(CorrectedFile.repair_id)
        .limit(1)
    ).one_or_none()
    return None if found is None else (found[0], found[1])


def take_in(
    session: Session, repair_id: int, import_id: str, rows: Sequence[FileRow], *, reached: int, limits: Limits
) -> int:
    """Take in the next rows of a file, and commit.

    Failed rows are locked in the order of rows and before the import, as batches lock them.

    Args:
        reached: how many rows of the file were done before.

    Returns:
        How many rows are to be tried again.

    Raises:
        GoneError: they were taken in already, or the import takes no rows any more.
    """
    file = session.get(CorrectedFile, repair_id, with_for_update=True, populate_existing=True)
    repair = session.get(Repair, repair_id)
    if file is None or repair is None or file.rows_read != reached or repair.finished_at is not None:
        raise GoneError
    verdicts = _verdicts(session.connection(), repair, import_id, rows, limits)
    _change(session.connection(), repair, verdicts)
    if not _takes_rows(session, import_id):
        raise GoneError
    corrected = sum(verdict.kind == CORRECTED for _, verdict, _ in verdicts)
    repair.changed_rows += corrected
    repair.unchanged_rows += sum(verdict.kind == UNCHANGED for _, verdict, _ in verdicts)
    file.left_alone = _added(file.left_alone, verdicts)
    file.rows_read, file.tries = reached + len(rows), 0
    session.commit()
    return corrected


def end(session: Session, repair_id: int, refusal: str | None) -> None:
    """Nothing more is taken in of a file, and commit; it can be deleted.

    Args:
        refusal: why it was not taken in to its end.
    """
    file = session.get(CorrectedFile, repair_id, with_for_update=True)
    repair = session.get(Repair, repair_id)
    if file is not None and repair is not None and repair.finished_at is None:
        file.refusal, repair.finished_at = refusal, func.now()
    session.commit()


def note_deleted(session: Session, repair_id: int) -> None:
    """S3 has the file no more; commit."""
    file = session.get(CorrectedFile, repair_id)
    if file is not None:
        file.is_stored = False
    session.commit()


Judged = tuple[FileRow, Verdict, int]
"""A row of the file, what it comes to, and the attempt that would try it."""


def _verdicts(
    connection: Connection, repair: Repair, import_id: str, rows: Sequence[FileRow], limits: Limits
) -> list[Judged]:
    kept = _kept(connection, repair, [row.row_number for row in rows if row.import_id == import_id])
    verdicts = []
    for row in rows:
        found = kept.get(row.row_number)
        verdict = verdict_of(row, import_id, found, limits)
        if verdict.kind == CORRECTED and found is not None:
            kept[row.row_number] = found._replace(is_ours=True)
        verdicts.append((row, verdict, found.attempts + 1 if found else 0))
    return verdicts


def _kept(connection: Connection, repair: Repair, row_numbers: Sequence[int]) -> dict[int, KeptRow]:
    """The failed rows of these numbers, locked."""
    wanted = {"sequence": repair.import_sequence, "row_numbers": integer_array_literal(sorted(set(row_numbers)))}
    rows = connection.exec_driver_sql(LOCK, wanted).all()
    last = {number: (attempt, by) for number, attempt, by in connection.exec_driver_sql(LAST_CORRECTIONS, wanted)}
    return {
        number: KeptRow(
            json.loads(cells),
            Problem(*problem) if problem else None,
            attempts,
            is_discarded,
            last.get(number, (0, None))[0],
            is_ours=last.get(number, (0, None))[1] == repair.id,
        )
        for number, cells, problem, attempts, is_discarded in rows
    }


def _change(connection: Connection, repair: Repair, verdicts: Sequence[Judged]) -> None:
    """Write new cells, keep what was changed, and ask for the retries of these rows."""
    made = [
        (row.row_number, verdict.row, attempt) for row, verdict, attempt in verdicts if verdict.row is not None
    ]
    if not made:
        return
    parameters: dict[str, Any] = {
        "sequence": repair.import_sequence,
        "made_by": repair.made_by,
        "repair": repair.id,
        "row_numbers": integer_array_literal(number for number, _, _ in made),
        "cells": array_literal(json.dumps(row.cells) for _, row, _ in made),
        "problems": array_literal(row.problem and json.dumps(row.problem) for _, row, _ in made),
        "attempts": integer_array_literal(attempt for _, _, attempt in made),
        "changes": array_literal(json.dumps(row.changes) for _, row, _ in made),
    }
    connection.exec_driver_sql(CHANGE, parameters)
    connection.exec_driver_sql(CORRECT, parameters)


def _takes_rows(session: Session, import_id: str) -> bool:
    """Whether rows of the import may be tried, and are not forbidden until the transaction has ended."""
    wanted = select(Import.id).where(Import.id == import_id, Import.status.in_(TAKES_ROWS))
    return session.scalar(wanted.where(Import.deleted_at.is_(None)).with_for_update(read=True)) is not None


def _added(left_alone: dict[str, Any], verdicts: Sequence[Judged]) -> dict[str, Any]:
    """What was left alone so far and now: by reason how many rows, and the first ones."""
    found = {kind: {"count": told["count"], "rows": list(told["rows"])} for kind, told in left_alone.items()}
    for row, verdict, _ in verdicts:
        if verdict.kind not in (CORRECTED, UNCHANGED):
            told = found.setdefault(verdict.kind, {"count": 0, "rows": []})
            told["count"] += 1
            if row.row_number and len(told["rows"]) < EXAMPLES:
                told["rows"].append(row.row_number)
    return found
