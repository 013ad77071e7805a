"""Corrects failed rows by hand, tells what would still be wrong with them, and what was corrected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from importer.control.columns import FileColumns
from importer.control.retries import enqueue_retries, refuse_unless_it_takes_rows
from importer.errors import UnknownRowError
from importer.files.problems import Limits, Problem
from importer.ledger import corrections
from importer.ledger.record_table import Writer
from importer.lifecycle.event_kinds import EventKind
from importer.lifecycle.events import record_in
from importer.models import Correction, FailedRow, Import, User
from importer.record_types.codes import MAY_NOT_END
from importer.record_types.mappings import mapping_of
from importer.record_types.row_checks import RowCheck
from importer.services import Services

LATELY = timedelta(minutes=10)
"""So long a row that was corrected by hand, and is imported, keeps its place among the failed ones."""

MOST_CORRECTIONS, MOST_OF_RECORD = 20, 40
"""Of one row that are told, and of all rows that wrote a record."""

TOO_MANY_CELLS = "too_many_cells"

NOT_CHECKED = "not checked here, because the check of this row took too long or ended a worker before"


class Fault(NamedTuple):
    """What is wrong with a row.

    Attributes:
        field: at fault; None: the row as a whole.
        places: of its cells, from 0.
        sentence: what the cell should be, or what is wrong.
    """

    field: str | None
    places: list[int]
    code: str
    sentence: str


class Made(NamedTuple):
    """A correction as it is told.

    Attributes:
        by: e-mail address; None: at the command line, or somebody who is gone.
        is_failed: whether the row stands among the failed ones, tried since or not.
    """

    correction: Correction
    by: str | None
    is_failed: bool


def correct(
    session: Session,
    services: Services,
    import_: Import,
    row_number: int,
    attempt: int,
    changes: Mapping[int, str],
    user: User,
) -> None:
    """Give a failed row new cells, and have it tried at once.

    Args:
        attempt: how many had failed when the row was shown.
        changes: new texts, by the place of their cell, from 0.
        user: who corrects; one without an id is the command line.

    Raises:
        RefusedTransitionError: the import was cancelled or stopped.
        UnknownRowError, OutdatedRowError, RefusedCellError: as `importer.ledger.corrections.correct` does.
    """
    refuse_unless_it_takes_rows(import_)
    limits = limits_of(services, import_)
    corrections.correct(session, import_, row_number, attempt, changes, user.id, limits)
    record_in(session, import_, EventKind.CORRECTED, user.id, rows=1)
    session.commit()
    enqueue_retries(services, import_)


def check(
    session: Session, services: Services, import_: Import, row_number: int, changes: Mapping[int, str]
) -> list[Fault]:
    """What would be wrong with a failed row after these changes, as far as it can be told without saving it.

    Raises:
        UnknownRowError: it is no failed row.
        RefusedCellError: a text cannot be kept.
    """
    row = find_failed_row(session, import_, row_number)
    after = corrections.correction_of(row, changes, limits_of(services, import_))
    columns = FileColumns(import_)
    if after.problem is not None:
        code, message, place = after.problem
        field = columns.fields[place] if place is not None and place < columns.width else None
        return [Fault(field, _of_problem(after.problem, after.cells, columns), code, message)]
    if row.code in MAY_NOT_END:
        return [Fault(None, [], row.code, NOT_CHECKED)]
    record_type = services.record_types[import_.record_type]
    mapping = mapping_of(record_type, columns.fields, import_.mapping)
    session.commit()  # the check may take long, and the database ends a transaction that waits
    reasons = RowCheck(record_type, mapping).reasons(after.cells)
    return [
        Fault(reason.field, columns.places_of(reason.field), reason.code, reason.sentence) for reason in reasons
    ]


def find_failed_row(session: Session, import_: Import, row_number: int) -> FailedRow:
    """One failed row.

    Raises:
        UnknownRowError: it is none.
    """
    row = session.get(FailedRow, (import_.sequence, row_number), populate_existing=True)
    if row is None:
        raise UnknownRowError(f"Row {row_number:,} is not a failed row of this import.")
    return row


def faults_of(row: FailedRow, columns: FileColumns) -> list[Fault]:
    """What is wrong with a failed row, each with the cells at fault."""
    told = row.faults or [(row.column_name, row.code, row.message)]
    of_problem = _of_problem(Problem(*row.problem), row.cells, columns) if row.problem else []
    return [Fault(field, columns.places_of(field) or of_problem, code, text) for field, code, text in told]


def _of_problem(problem: Problem, cells: Sequence[str], columns: FileColumns) -> list[int]:
    """The cells that are wrong where a row cannot be read: one, or those beyond the header that hold something."""
    if problem.column is not None:
        return [problem.column]
    if problem.code != TOO_MANY_CELLS:
        return []
    return [place for place in range(columns.width, len(cells)) if cells[place].strip()]


def limits_of(services: Services, import_: Import) -> Limits:
    """What a row of an import must keep to."""
    settings = services.settings
    return Limits(len(import_.columns or []), settings.max_record_bytes, settings.max_cell_chars)


def page_of_corrections(
    session: Session, import_: Import, *, limit: int, number: int = 1
) -> tuple[Sequence[Made], bool]:
    """Corrections by hand, the latest first, and whether more of them follow.

    Args:
        number: of the page, from 1.
    """
    found = session.execute(
        _made_in(import_)
        .order_by(Correction.made_at.desc(), Correction.row_number.desc())
        .offset((number - 1) * limit)
        .limit(limit + 1)
    ).all()
    return [Made(*row) for row in found[:limit]], len(found) > limit


def corrected_lately(
    session: Session, import_: Import, *, after: int, until: int | None, limit: int
) -> Sequence[Made]:
    """Corrections by hand of the last minutes whose rows are imported by now, in the order of the file.

    Args:
        after, until: the row numbers between which they are; None: up to the last one.
    """
    wanted = _made_in(import_).where(
        Correction.made_at > func.now() - LATELY,
        Correction.row_number > after,
        FailedRow.row_number.is_(None),
    )
    if until is not None:
        wanted = wanted.where(Correction.row_number <= until)
    found = session.execute(wanted.order_by(Correction.made_at.desc()).limit(limit)).all()
    latest = {row[0].row_number: Made(*row) for row in reversed(found)}
    return [latest[number] for number in sorted(latest)]


def count_by_hand(session: Session, import_: Import) -> int:
    """How many corrections were made by hand."""
    by_hand = (Correction.import_sequence == import_.sequence, Correction.repair_id.is_(None))
    return session.scalar(select(func.count()).select_from(Correction).where(*by_hand)) or 0


def corrections_of_rows(session: Session, import_: Import, row_numbers: Sequence[int]) -> dict[int, Made]:
    """The last correction of each of these rows that was corrected, by hand or by a rule."""
    found = session.execute(
        _made_in(import_, by_hand=False).where(Correction.row_number.in_(row_numbers)).order_by(Correction.attempt)
    )
    return {row[0].row_number: Made(*row) for row in found}


def corrections_of_row(session: Session, import_: Import, row_number: int) -> list[Made]:
    """The latest corrections of a row, by hand or by a rule, the first of them first."""
    found = session.execute(
        _made_in(import_, by_hand=False)
        .where(Correction.row_number == row_number)
        .order_by(Correction.attempt.desc())
        .limit(MOST_CORRECTIONS)
    ).all()
    return [Made(*row) for row in reversed(found)]


def corrections_of_writers(session: Session, writers: Iterable[Writer]) -> dict[Writer, list[Made]]:
    """The corrections of rows of any imports, the first of each row first; of many those of the latest rows."""
    is_theirs = tuple_(Correction.import_sequence, Correction.row_number).in_(list(writers))
    latest_first = (
        column.desc() for column in (Correction.import_sequence, Correction.row_number, Correction.attempt)
    )
    found = session.execute(_made().where(is_theirs).order_by(*latest_first).limit(MOST_OF_RECORD)).all()
    told: dict[Writer, list[Made]] = {}
    for row in reversed(found):
        made = Made(*row)
        place = Writer(made.correction.import_sequence, made.correction.row_number)
        told.setdefault(place, []).append(made)
    return told


def _made_in(import_: Import, *, by_hand: bool = True) -> Select[Correction, str, bool]:
    wanted = _made().where(Correction.import_sequence == import_.sequence)
    return wanted.where(Correction.repair_id.is_(None)) if by_hand else wanted


def _made() -> Select[Correction, str, bool]:
    is_same = (FailedRow.import_sequence == Correction.import_sequence) & (
        FailedRow.row_number == Correction.row_number
    )
    return (
        select(Correction, User.email, FailedRow.row_number.is_not(None))
        .outerjoin(User, User.id == Correction.made_by)
        .outerjoin(FailedRow, is_same)
    )
