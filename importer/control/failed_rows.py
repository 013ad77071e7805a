"""The failed rows of an import, a page at a time, whatever they hold.

A page ends after so many rows or so many bytes, whichever comes first, and Postgres sends no more than that: a row
may have a quarter of a megabyte, of which JSON makes six times as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import JSON, ColumnElement, SQLColumnExpression, Text, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from importer.control.columns import FileColumns
from importer.ledger.chosen_rows import ChosenRows
from importer.ledger.planning import TooSlowError, in_passing
from importer.models import FailedRow, Import

PAGE_BYTES = 1024 * 1024
"""Of a page's rows as JSON. The first row is on its page however large it is."""

ESCAPED_BYTES = 6
"""JSON makes at most so many of one byte of text. Cells are stored as JSON already."""

FRAME_BYTES = 300
"""Of a row as JSON besides its texts: names, numbers, times."""

TEXTS = func.concat(FailedRow.code, FailedRow.column_name, FailedRow.message, FailedRow.faults)
SIZE = func.octet_length(FailedRow.cells) + ESCAPED_BYTES * func.octet_length(TEXTS) + FRAME_BYTES

PAGE_SECONDS, COUNT_SECONDS = 1.2, 0.4
"""So long Postgres may look for the rows of a page, and for how many there are; together less than two seconds."""

ALONG_THE_INDEX = {"enable_sort": "off", "enable_bitmapscan": "off", "enable_seqscan": "off", "jit": "off"}
"""Settings of Postgres for a page in the order of the file: by old statistics it may read and sort all rows of the
import."""

ANY = ChosenRows()


class Sort(NamedTuple):
    """Order rows by the text of one of their cells.

    Attributes:
        place: of the cell, from 0.
    """

    place: int
    is_descending: bool = False

    @classmethod
    def told(cls, told: str | None, columns: FileColumns) -> Sort | None:
        """As an address says it: a column by its number from 1, name or field, after a minus backwards.

        Raises:
            RefusedCellError: a name is of no column, or of several.
        """
        return cls(columns.place_of(told.removeprefix("-")), told.startswith("-")) if told else None

    def key(self) -> ColumnElement[Any]:
        """The cell as JSON writes it, without regard to case.

        Postgres reads no JSON with a NUL or a lone surrogate, so escapes become plain text, which comes after
        letters; an escaped backslash is none of their beginnings.
        """
        without_backslashes = func.replace(type_coerce(FailedRow.cells, Text), "\\\\", "/")
        cells = func.replace(without_backslashes, "\\u", "~u")
        cell = cast(cast(cells, JSON).op("->")(self.place), Text)
        return func.lower(cell).collate("C")


class FailedRowsPage(NamedTuple):
    """Some failed rows, and whether more of them follow."""

    rows: Sequence[FailedRow]
    has_next: bool


class Position(NamedTuple):
    """Where a page stands.

    Attributes:
        before: rows before the first one of the page; None: to count them takes too long.
        total: rows in all; None: likewise.
    """

    before: int | None
    total: int | None


def page_of_failed_rows(
    session: Session,
    import_: Import,
    *,
    after: int,
    limit: int,
    chosen: ChosenRows = ANY,
    sort: Sort | None = None,
    start: int = 0,
    seconds: float = PAGE_SECONDS,
) -> FailedRowsPage:
    """The failed rows after a row number, at most `limit` and `PAGE_BYTES`; where there are any, one at least.

    Args:
        chosen: which rows are meant.
        sort: None: in the order of the file.
        start: so many of the rows are passed over.
        seconds: the longest that Postgres may look for them.

    Raises:
        TooSlowError: they are too many to be searched or sorted.
    """
    sizes = _sizes(
        session, import_, chosen, FailedRow.row_number > after, sort, start=start, limit=limit + 1, seconds=seconds
    )
    numbers = _fitting(sizes[:limit])
    found = session.scalars(
        select(FailedRow).where(FailedRow.import_sequence == import_.sequence, FailedRow.row_number.in_(numbers))
    )
    rows = {row.row_number: row for row in found}
    return FailedRowsPage([rows[number] for number in numbers if number in rows], len(sizes) > len(numbers))


def before_previous_page(
    session: Session, import_: Import, *, after: int, limit: int, chosen: ChosenRows = ANY
) -> int:
    """The `after` of the previous page, seen from the page of this `after`; 0 for the first page."""
    backwards = _Backwards()
    sizes = _sizes(session, import_, chosen, FailedRow.row_number <= after, backwards, limit=limit + 1)
    fitting = len(_fitting(sizes[:limit]))
    return sizes[fitting][0] if fitting < len(sizes) else 0


def count_chosen(
    session: Session, import_: Import, chosen: ChosenRows, *, until: int | None = None, seconds: float
) -> int | None:
    """How many rows are meant; None where they cannot be counted within these seconds.

    Args:
        until: the last row number that counts; None: every one does.
    """
    wanted = select(func.count()).select_from(FailedRow).where(chosen.condition(import_.sequence))
    if until is not None:
        wanted = wanted.where(FailedRow.row_number <= until)
    try:
        with in_passing(session.connection(), seconds=seconds, enable_indexonlyscan="off", jit="off"):
            return session.execute(wanted).scalar_one()
    except TooSlowError:
        return None


class _Backwards:
    """From the last row to the first."""

    is_descending = True

    def key(self) -> SQLColumnExpression[int]:
        return FailedRow.row_number


def _sizes(
    session: Session,
    import_: Import,
    chosen: ChosenRows,
    condition: ColumnElement[bool],
    sort: Sort | _Backwards | None,
    *,
    limit: int,
    start: int = 0,
    seconds: float = PAGE_SECONDS,
) -> list[tuple[int, int]]:
    """Numbers of rows, in their order, with the bytes that each takes on a page."""
    key = sort.key() if sort else FailedRow.row_number
    wanted = (
        select(FailedRow.row_number, SIZE)
        .where(chosen.condition(import_.sequence), condition)
        .order_by(key.desc() if sort and sort.is_descending else key.asc(), FailedRow.row_number)
        .offset(start)
        .limit(limit)
    )
    settings = {"jit": "off"} if isinstance(sort, Sort) else ALONG_THE_INDEX
    with in_passing(session.connection(), seconds=seconds, **settings):
        return [(number, size) for number, size in session.execute(wanted)]


def _fitting(sizes: Sequence[tuple[int, int]]) -> list[int]:
    """The numbers of the first rows that are together no larger than a page; the first one in any case."""
    numbers: list[int] = []
    room = PAGE_BYTES
    for number, size in sizes:
        room -= size
        if numbers and room < 0:
            break
        numbers.append(number)
    return numbers
