"""The rows of a page of failed rows, as its table shows them: cells at fault first, each with its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy.orm import Session

from importer.control.columns import FileColumns
from importer.control.corrections import Fault, Made, corrections_of_rows, faults_of
from importer.models import FailedRow, Import
from importer.record_types.codes import may_pass_unchanged
from importer.web import formats

SHOWN_CELLS = 200
"""Cells of a row that are shown: a file may have more columns than anybody reads."""

SHOWN_CHARACTERS = 4000
"""Characters of a row that are shown, the same of each of its cells."""


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes:
        sort: what the address says to sort by it, or back.
        direction: for `aria-sort`; None: it is not sorted by.
    """

    place: int
    label: str
    is_at_fault: bool
    sort: str
    direction: str | None


@dataclass(frozen=True)
class Cell:
    """A cell's text, and why it made its row fail; nothing where it did not."""

    place: int
    label: str
    text: str
    faults: Sequence[str]


@dataclass(frozen=True)
class Line:
    """One row as the table shows it.

    Attributes:
        faults: of the row as a whole, each with the field that it names.
        changed: its last correction.
        state: `failed`, `retrying`, or `imported` since.
    """

    row_number: int
    line_number: int | None
    attempts: int
    state: str
    may_pass_unchanged: bool
    faults: Sequence[Fault]
    cells: Sequence[Cell]
    changed: Made | None
    is_cut: bool


class FailedLines:
    """The failed rows of one page.

    Args:
        field: whose cells come before all others; None: no field's.

    Attributes:
        characters: of a cell that are shown.
    """

    def __init__(
        self,
        session: Session,
        import_: Import,
        columns: FileColumns,
        rows: Sequence[FailedRow],
        field: str | None = None,
    ) -> None:
        self._import = import_
        self._columns = columns
        self._rows = rows
        self._changed = corrections_of_rows(session, import_, [row.row_number for row in rows])
        self._faults = [faults_of(row, columns) for row in rows]
        self._at_fault = {place for faults in self._faults for fault in faults for place in fault.places}
        self._places = self._in_order(columns.places_of(field))
        self.characters = min(formats.SHOWN_CHARACTERS, SHOWN_CHARACTERS // max(len(self._places), 1))

    def _in_order(self, first: Sequence[int]) -> list[int]:
        """The places of the cells that are shown, those at fault in any row first."""
        width = max([self._columns.width, *(len(row.cells) for row in self._rows)])
        every = dict.fromkeys([*first, *sorted(self._at_fault), *range(width)])
        return [*islice(every, SHOWN_CELLS)]

    def columns(self, sorted_by: str | None) -> list[Column]:
        """The columns of the table.

        Args:
            sorted_by: the column, by its number from 1, after a minus backwards.
        """
        return [self._column(place, sorted_by) for place in self._places]

    def _column(self, place: int, sorted_by: str | None) -> Column:
        upwards, downwards = str(place + 1), f"-{place + 1}"
        direction = {upwards: "ascending", downwards: "descending"}.get(sorted_by or "")
        sort = downwards if direction == "ascending" else upwards
        return Column(place, self._columns.label(place), place in self._at_fault, sort, direction)

    def all(self) -> list[Line]:
        """The rows, in the order of the page."""
        return [self._line(row, faults) for row, faults in zip(self._rows, self._faults, strict=True)]

    def _line(self, row: FailedRow, faults: Sequence[Fault]) -> Line:
        reasons: dict[int, list[str]] = {}
        for fault in faults:
            for place in fault.places:
                reasons.setdefault(place, []).append(fault.sentence)
        return Line(
            row_number=row.row_number,
            line_number=row.line_number,
            attempts=row.attempts,
            state="retrying" if _is_retrying(self._import, row) else "failed",
            may_pass_unchanged=may_pass_unchanged(row.code),
            faults=[fault for fault in faults if not fault.places],
            cells=[self._cell(row, place, reasons.get(place, ())) for place in self._places],
            changed=self._changed.get(row.row_number),
            is_cut=len(row.cells) > SHOWN_CELLS or any(len(cell) > self.characters for cell in row.cells),
        )

    def _cell(self, row: FailedRow, place: int, faults: Sequence[str]) -> Cell:
        text = row.cells[place] if place < len(row.cells) else ""
        return Cell(place, self._columns.label(place), text, faults)


def imported_line(made: Made) -> Line:
    """A row that was corrected a moment ago, and is imported."""
    kept = made.correction
    return Line(kept.row_number, None, kept.attempt, "imported", False, (), (), made, False)


def _is_retrying(import_: Import, row: FailedRow) -> bool:
    """Whether its retry was asked for, or that of all rows and its portion is to come."""
    is_to_come = import_.retry_after is not None and row.row_number > import_.retry_after
    return is_to_come or row.retry_requested_at is not None
