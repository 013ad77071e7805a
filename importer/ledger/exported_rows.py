"""Failed rows and outcomes for files that people download: a page at a time, each in a transaction of its own.

However long a file takes to be fetched, no transaction is open for longer than a page. So a row may be tried, or
imported, while others are on their way; each row is as it was when its page was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, func, select

from importer.errors import UnknownImportError
from importer.ledger.lines import known_rows
from importer.ledger.planning import use_indexes
from importer.models import Correction, FailedRow, Import

ROWS_PER_PAGE = 2_000
BYTES_PER_PAGE = 4 * 1024 * 1024
"""Of cells as they are kept. The first row is on its page however large it is."""

ROWS_PER_STRETCH = 10_000
"""Of a file, of which the outcomes are read at once."""


NOT_ENDED = "not_ended"


class ExportedRow(NamedTuple):
    """A failed row.

    Attributes:
        attempt: how many have failed; where it was corrected and is to be tried, that one.
    """

    row_number: int
    line_number: int
    field: str
    code: str
    reason: str
    cells: list[str]
    attempt: int


class Outcome(NamedTuple):
    """What a row of the file came to.

    Attributes:
        kind: `imported`, `failed`, `discarded`, or `not_ended`: neither imported nor failed.
        line_number: known of failed rows alone.
    """

    row_number: int
    kind: str
    line_number: int | None = None
    field: str = ""
    code: str = ""
    reason: str = ""


def failed_rows(engine: Engine, condition: ColumnElement[bool]) -> Iterator[ExportedRow]:
    """The failed rows of this condition, in the order of the file."""
    after = 0
    while True:
        with engine.begin() as connection:
            page = _page(connection, condition, after)
        if not page:
            return
        yield from page
        after = page[-1].row_number


def _page(connection: Connection, condition: ColumnElement[bool], after: int) -> list[ExportedRow]:
    use_indexes(connection)
    following = (condition, FailedRow.row_number > after)
    sizes = connection.execute(
        select(FailedRow.row_number, func.octet_length(FailedRow.cells))
        .where(*following)
        .order_by(FailedRow.row_number)
        .limit(ROWS_PER_PAGE)
    ).all()
    totals = accumulate(size for _, size in sizes)
    fitting = [number for (number, _), total in zip(sizes, totals, strict=True) if total <= BYTES_PER_PAGE]
    if not sizes:
        return []
    last = fitting[-1] if fitting else sizes[0][0]
    wanted = (
        select(
            FailedRow.row_number,
            FailedRow.line_number,
            func.coalesce(FailedRow.column_name, ""),
            FailedRow.code,
            FailedRow.message,
            FailedRow.cells,
            func.greatest(FailedRow.attempts, _last_correction()),
        )
        .where(*following, FailedRow.row_number <= last)
        .order_by(FailedRow.row_number)
    )
    return [ExportedRow(*row) for row in connection.execute(wanted)]


def _last_correction() -> ColumnElement[int | None]:
    """The attempt that tries the last correction of a failed row."""
    return (
        select(func.max(Correction.attempt))
        .where(Correction.import_sequence == FailedRow.import_sequence)
        .where(Correction.row_number == FailedRow.row_number)
        .scalar_subquery()
    )


def outcomes(engine: Engine, sequence: int, last_row: int) -> Iterator[Outcome]:
    """What each row up to the last one came to, in the order of the file.

    Raises:
        UnknownImportError: the import was deleted meanwhile.
    """
    for first in range(1, last_row + 1, ROWS_PER_STRETCH):
        last = min(first + ROWS_PER_STRETCH - 1, last_row)
        with engine.begin() as connection:
            ended = _ended_between(connection, sequence, first, last)
            failed = _failed_between(connection, sequence, first, last)  # last: a row may fail meanwhile
            _refuse_deleted(connection, sequence)
        for number in range(first, last + 1):
            kind = "imported" if number in ended else NOT_ENDED
            yield failed.get(number) or Outcome(number, kind)


def ended_rows(engine: Engine, sequence: int, first: int, last: int) -> set[int]:
    """Which rows from `first` to `last` have ended.

    Raises:
        UnknownImportError: the import was deleted meanwhile.
    """
    with engine.begin() as connection:
        ended = _ended_between(connection, sequence, first, last)
        _refuse_deleted(connection, sequence)
    return ended


def _ended_between(connection: Connection, sequence: int, first: int, last: int) -> set[int]:
    use_indexes(connection)
    return known_rows(connection, sequence, first, last)


def _refuse_deleted(connection: Connection, sequence: int) -> None:
    """Asked last: of an import that is not deleted yet, no line of the ledger was either."""
    wanted = select(Import.id).where(Import.sequence == sequence, Import.deleted_at.is_(None))
    if connection.execute(wanted).first() is None:
        raise UnknownImportError("The import was deleted meanwhile.")


def _failed_between(connection: Connection, sequence: int, first: int, last: int) -> dict[int, Outcome]:
    found = connection.execute(
        select(
            FailedRow.row_number,
            FailedRow.discarded_at.is_not(None),
            FailedRow.line_number,
            func.coalesce(FailedRow.column_name, ""),
            FailedRow.code,
            FailedRow.message,
        )
        .where(FailedRow.import_sequence == sequence)
        .where(FailedRow.row_number.between(first, last))
        .order_by(FailedRow.row_number)
    )
    return {
        number: Outcome(number, "discarded" if is_discarded else "failed", line, field, code, reason)
        for number, is_discarded, line, field, code, reason in found
    }
