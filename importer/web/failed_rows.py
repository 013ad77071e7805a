"""Failed rows of an import, a page at a time, as a table under the header of their file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request

from importer.control.failed_rows import before_previous_page, page_of_failed_rows
from importer.ledger.retries import count_requested
from importer.models import FailedRow, Import
from importer.web import formats
from importer.web.extensions import db
from importer.web.retries import LARGEST_ROW

PAGE_ROWS = 25
SHOWN_CELLS = 200
"""Cells of a row that are shown: a file may have more columns than anybody reads."""

SHOWN_CHARACTERS = 4000
"""Characters of a row that are shown, the same of each of its cells."""


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
    is_cut: bool
    attempts: int
    is_retrying: bool


@dataclass(frozen=True)
class FailedRowsTable:
    """Some of the failed rows, and where the previous and the next page begin; None: there is no such page.

    Attributes:
        characters: of a cell that are shown.
    """

    header: Sequence[str]
    characters: int
    lines: Sequence[Line]
    after: int
    previous: int | None
    next: int | None
    retrying: int


def wanted_after() -> int:
    """The row number after which the reader wants to see failed rows."""
    return min(max(request.args.get("after", 0, type=int), 0), LARGEST_ROW)


def page_of(import_: Import, after: int) -> FailedRowsTable:
    session = db.session()
    rows, has_next = page_of_failed_rows(session, import_, after=after, limit=PAGE_ROWS)
    columns, header = _columns(import_), _header(import_, rows)
    characters = min(formats.SHOWN_CHARACTERS, SHOWN_CHARACTERS // max(len(header), 1))
    return FailedRowsTable(
        header=header,
        characters=characters,
        lines=[_line(row, columns, characters, is_retrying=_is_retrying(import_, row)) for row in rows],
        after=after,
        previous=before_previous_page(session, import_, after=after, limit=PAGE_ROWS) if after else None,
        next=rows[-1].row_number if has_next else None,
        retrying=count_requested(session, import_) if import_.failed_rows else 0,
    )


def _columns(import_: Import) -> list[str | None]:
    """What a reason calls each column of the file: its name in the record type or, if it has none, in the file."""
    names = import_.header or []
    known = import_.columns or []
    return [column or name for column, name in zip(known[:SHOWN_CELLS], names, strict=False)]


def _header(import_: Import, rows: Sequence[FailedRow]) -> list[str]:
    names = (import_.header or [])[:SHOWN_CELLS]
    widest = min(max((len(row.cells) for row in rows), default=0), SHOWN_CELLS)
    return names + [f"(cell {place})" for place in range(len(names) + 1, widest + 1)]


def _is_retrying(import_: Import, row: FailedRow) -> bool:
    """Whether its retry was asked for, or that of all rows and its portion is to come."""
    is_to_come = import_.retry_after is not None and row.row_number > import_.retry_after
    return is_to_come or row.retry_requested_at is not None


def _line(row: FailedRow, columns: Sequence[str | None], characters: int, *, is_retrying: bool) -> Line:
    faults = [place for place, name in enumerate(columns) if name is not None and name == row.column_name]
    return Line(
        row_number=row.row_number,
        line_number=row.line_number,
        column=row.column_name,
        code=row.code,
        message=row.message,
        cells=[Cell(text, place in faults) for place, text in enumerate(row.cells[:SHOWN_CELLS])],
        is_cut=len(row.cells) > SHOWN_CELLS or any(len(cell) > characters for cell in row.cells),
        attempts=row.attempts,
        is_retrying=is_retrying,
    )
