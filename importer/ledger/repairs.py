"""Rules for many failed rows: which rows come next, and what a rule has made of them.

Rows are looked at in stretches of bounded size and in the order of the file, whatever is chosen: so is every
statement. The cursor of a repair moves in the transaction that changes the rows before it, so a repair that breaks
off anywhere neither skips a row nor changes one twice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Exists, Select, case, exists, func, select, text, update
from sqlalchemy.orm import Session

from importer.files.problems import Problem
from importer.files.repairs.rule import Mark
from importer.ledger.changes import Candidate, Change
from importer.ledger.chosen_rows import ChosenRows
from importer.ledger.corrections import CHANGE, CORRECT
from importer.ledger.planning import use_indexes
from importer.models import FailedRow, Import, Repair
from importer.record_types.literals import array_literal, integer_array_literal
from importer.statuses import TAKES_ROWS

BYTES_PER_STRETCH = 4 * 1024 * 1024
"""Of cells that are read at once, as they are kept. The first row is read however large it is."""

MAX_FAILED_PORTIONS = 3

DISCARD = """
UPDATE failed_rows SET discarded_at = now()
WHERE import_sequence = %(sequence)s AND row_number = ANY(%(row_numbers)s::integer[])
"""

RESTORE = """
UPDATE failed_rows SET discarded_at = NULL
WHERE import_sequence = %(sequence)s AND row_number = ANY(%(row_numbers)s::integer[])
"""

RETRY = """
UPDATE failed_rows SET retry_requested_at = now()
WHERE import_sequence = %(sequence)s AND row_number = ANY(%(row_numbers)s::integer[])
"""

MARKING = {Mark.DISCARD: DISCARD, Mark.RESTORE: RESTORE, Mark.RETRY: RETRY}

ENOUGH_MEMORY = text("SELECT set_config('work_mem', '64MB', true)")
"""For half a million rows; with Postgres's own 4 MB their count goes over the disk."""

COUNT_FAILING = text("""
SELECT corrected.repair_id,
    count(*) FILTER (WHERE failed.retry_requested_at IS NULL),
    count(*) FILTER (WHERE failed.retry_requested_at IS NOT NULL)
FROM failed_rows AS failed
JOIN corrections AS corrected USING (import_sequence, row_number)
WHERE failed.import_sequence = :sequence AND corrected.repair_id = ANY(:repairs)
GROUP BY corrected.repair_id
""")


class Stretch(NamedTuple):
    """Some failed rows, one behind the other.

    Attributes:
        rows: how many they are.
        last: the number of the last one; where there is none, where they would begin.
        is_end: whether no more come behind.
    """

    rows: int
    last: int
    is_end: bool


def next_stretch(
    connection: Connection,
    sequence: int,
    chosen: ChosenRows,
    *,
    after: int,
    until: int,
    most: int,
) -> Stretch:
    """The next failed rows of a group, of which some or all are chosen.

    Args:
        after: the row number after which they come.
        until: the last row number that they may have.
        most: rows.
    """
    size = case((chosen.holds, func.octet_length(FailedRow.cells)), else_=0)
    wanted = (
        select(FailedRow.row_number, size)
        .where(chosen.group(sequence))
        .where(FailedRow.row_number > after, FailedRow.row_number <= until)
        .order_by(FailedRow.row_number)
        .limit(most)
    )
    found = connection.execute(wanted).all()
    total = 0
    for count, (_, bytes_) in enumerate(found):
        total += bytes_
        if count and total > BYTES_PER_STRETCH:
            return Stretch(count, found[count - 1].row_number, is_end=False)
    return Stretch(len(found), found[-1].row_number if found else after, is_end=len(found) < most)


def candidates(
    connection: Connection,
    sequence: int,
    chosen: ChosenRows,
    *,
    after: int,
    last: int,
    locks: bool = False,
) -> list[Candidate]:
    """The chosen rows of a stretch, in ascending order."""
    wanted = (
        select(
            FailedRow.row_number,
            FailedRow.line_number,
            FailedRow.code,
            FailedRow.cells,
            FailedRow.problem,
            FailedRow.attempts + 1,
            FailedRow.retry_requested_at.is_not(None),
        )
        .where(chosen.condition(sequence))
        .where(FailedRow.row_number > after, FailedRow.row_number <= last)
        .order_by(FailedRow.row_number)
    )
    found = connection.execute(wanted.with_for_update() if locks else wanted)
    return [
        Candidate(number, line, code, cells, Problem(*problem) if problem else None, attempt, is_retrying)
        for number, line, code, cells, problem, attempt, is_retrying in found
    ]


def count_group(connection: Connection, sequence: int, chosen: ChosenRows) -> int:
    """How many failed rows a group has, whatever they hold."""
    wanted = select(func.count()).select_from(FailedRow).where(chosen.group(sequence))
    return connection.execute(wanted).scalar_one()


def last_failed_row(session: Session, sequence: int) -> int | None:
    """The number of an import's last failed row."""
    return session.scalar(select(func.max(FailedRow.row_number)).where(FailedRow.import_sequence == sequence))


# What a rule has made of rows


def change_rows(connection: Connection, repair: Repair, changes: Sequence[Change]) -> None:
    """Write new cells, keep what was changed, and ask for a retry of each of these rows, which are locked."""
    rows = [change.candidate for change in changes]
    numbers = integer_array_literal(row.row_number for row in rows)
    changed = {
        "sequence": repair.import_sequence,
        "row_numbers": numbers,
        "cells": array_literal(json.dumps(change.cells) for change in changes),
        "problems": array_literal(change.problem and json.dumps(change.problem) for change in changes),
    }
    corrected = {
        "sequence": repair.import_sequence,
        "row_numbers": numbers,
        "attempts": integer_array_literal(row.attempt for row in rows),
        "changes": array_literal(json.dumps(change.changes) for change in changes),
        "made_by": repair.made_by,
        "repair": repair.id,
    }
    connection.exec_driver_sql(CHANGE, changed)
    connection.exec_driver_sql(CORRECT, corrected)


def mark_rows(connection: Connection, sequence: int, row_numbers: Sequence[int], mark: Mark) -> None:
    """Discard rows, which are locked, bring them back, or ask that they be tried again."""
    numbers = integer_array_literal(row_numbers)
    connection.exec_driver_sql(MARKING[mark], {"sequence": sequence, "row_numbers": numbers})


# Repairs


def take_repair(session: Session, import_id: str) -> Repair | None:
    """The first unfinished repair of an import that takes rows, locked.

    Returns:
        None where there is none, or where another dispatcher is at it.
    """
    use_indexes(session.connection())
    first = (
        select(func.min(Repair.id))
        .join(Import, Import.sequence == Repair.import_sequence)
        .where(Import.id == import_id, Import.status.in_(TAKES_ROWS), Import.deleted_at.is_(None))
        .where(Repair.after.is_not(None))
    )
    repair_id = session.scalar(first)
    wanted = select(Repair).where(Repair.id == repair_id, Repair.after.is_not(None))
    return session.scalar(wanted.with_for_update(skip_locked=True))


def takes_rows(session: Session, import_id: str) -> bool:
    """Whether an import takes rows, and does so until the transaction has ended."""
    wanted = select(Import.id).where(
        Import.id == import_id, Import.status.in_(TAKES_ROWS), Import.deleted_at.is_(None)
    )
    return session.scalar(wanted.with_for_update(read=True)) is not None


def move_on(session: Session, repair: Repair, *, reached: int | None, changed: int, unchanged: int) -> None:
    """Note what was done; the caller commits.

    Args:
        reached: the row after which the next portion begins; None: the repair is carried out.
    """
    repair.after = reached
    repair.changed_rows += changed
    repair.unchanged_rows += unchanged
    repair.failed_portions = 0
    if reached is None:
        repair.finished_at = func.now()
    session.flush()


def note_failed_portion(session: Session, repair_id: int, detail: str) -> None:
    """Count a portion that broke off by an error nobody expected; after three the repair ends with that reason."""
    repair = session.scalar(select(Repair).where(Repair.id == repair_id).with_for_update())
    if repair is not None and repair.after is not None:
        repair.failed_portions += 1
        if repair.failed_portions >= MAX_FAILED_PORTIONS:
            repair.after, repair.finished_at, repair.reason = None, func.now(), detail
    session.commit()


def end_repairs(session: Session, sequence: int, reason: str) -> None:
    """Nothing more is done for the repairs of an import; the caller commits."""
    unfinished = update(Repair).where(Repair.import_sequence == sequence, Repair.after.is_not(None))
    session.execute(unfinished.values(after=None, finished_at=func.now(), reason=reason))


def has_unfinished_repairs() -> Exists:
    """Whether an import has repairs that are to be carried out, as a condition on imports."""
    return exists().where(Repair.import_sequence == Import.sequence, Repair.after.is_not(None))


def repaired() -> Select[int]:
    """The sequences of imports with repairs that are to be carried out."""
    return select(Repair.import_sequence).where(Repair.after.is_not(None))


def count_failing(session: Session, sequence: int, repairs: Sequence[int]) -> dict[int, tuple[int, int]]:
    """By repair: of the rows that it changed, how many still fail, and how many are being tried."""
    session.execute(ENOUGH_MEMORY)
    found = session.execute(COUNT_FAILING, {"sequence": sequence, "repairs": list(repairs)})
    return {repair: (failing, retrying) for repair, failing, retrying in found}
