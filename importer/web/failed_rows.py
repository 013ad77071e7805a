"""Failed rows of an import, a page at a time, as a table under the header of their file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request

from importer.control.reports import failed_rows, previous_failed_rows
from importer.ledger.retries import count_requested
from importer.models import FailedRow, Import
from importer.web.extensions import db
from importer.web.retries import LARGEST_ROW

PAGE_ROWS = 25
SHOWN_CELLS = 200
"""Cells of a row that are shown: a file may have more columns than anybody reads."""


@dataclass(frozen=True)
class Cell:
    """A cell's text, and whether it is what made its row fail."""

    text: str
    at_fault: bool


@dataclass(frozen=True)
class Line:
    """One failed row as the table shows it."""

    row_number: int
    line_number: int
    column: str | None
    code: str
    message: str
    cells: Sequence[Cell]
    attempts: int
    is_retrying: bool


@dataclass(frozen=True)
class FailedRowsPage:
    """Some of the failed rows, and where the previous and the next page begin; None: there is no such page."""

    header: Sequence[str]
    lines: Sequence[Line]
    after: int
    previous: int | None
    next: int | None
    retrying: int


def wanted_after() -> int:
    """The row number after which the reader wants to see failed rows."""
    return min(max(request.args.get("after", 0, type=int), 0), LARGEST_ROW)


def page_of(import_: Import, after: int) -> FailedRowsPage:
    rows = failed_rows(db.session(), import_, after=after, limit=PAGE_ROWS + 1)
    shown = rows[:PAGE_ROWS]
    columns = _columns(import_)
    return FailedRowsPage(
        header=_header(import_, shown),
        lines=[_line(row, columns, is_retrying=_is_retrying(import_, row)) for row in shown],
        after=after,
        previous=previous_failed_rows(db.session(), import_, after=after, limit=PAGE_ROWS) if after else None,
        next=shown[-1].row_number if len(rows) > PAGE_ROWS else None,
        retrying=count_requested(db.session(), import_) if import_.failed_rows else 0,
    )


def _columns(import_: Import) -> list[str | None]:
    """What a reason calls each column of the file: its name in the record type or, if it has none, in the file."""
    names = import_.header or []
    known = import_.columns or []
    return [column or name for column, name in zip(known, names, strict=False)]


def _header(import_: Import, rows: Sequence[FailedRow]) -> list[str]:
    names = list(import_.header or [])
    widest = max((len(row.cells) for row in rows), default=0)
    extra = [f"(cell {place})" for place in range(len(names) + 1, widest + 1)]
    return (names + extra)[:SHOWN_CELLS]


def _is_retrying(import_: Import, row: FailedRow) -> bool:
    """Whether its retry was asked for, or that of all rows and its portion is to come."""
    is_to_come = import_.retry_after is not None and row.row_number > import_.retry_after
    return is_to_come or row.retry_requested_at is not None


def _line(row: FailedRow, columns: Sequence[str | None], *, is_retrying: bool) -> Line:
    faults = [place for place, name in enumerate(columns) if name is not None and name == row.column_name]
    return Line(
        row_number=row.row_number,
        line_number=row.line_number,
        column=row.column_name,
        code=row.code,
        message=row.message,
        cells=[Cell(text, place in faults) for place, text in enumerate(row.cells[:SHOWN_CELLS])],
        attempts=row.attempts,
        is_retrying=is_retrying,
    )
