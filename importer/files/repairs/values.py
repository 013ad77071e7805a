"""Rules that read a cell as a date or a number, and write it so that its column takes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from importer.files.cells.chain import reader_of
from importer.files.cells.readings import DECIMAL_MARKS, PERCENTS, Reading
from importer.files.repairs import parameters
from importer.files.repairs.numerals import written_with
from importer.files.repairs.rule import Rule

ORDERS = ("dmy", "mdy", "ymd", "serial")
TIMES = ("drop", "keep", None)


@dataclass(frozen=True, kw_only=True)
class Dates(Rule):
    """Dates are read in one order of day, month and year, and written as 2024-01-31.

    Attributes:
        order: one of `ORDERS`.
        century: the first of the hundred years in which years of two digits lie; None: these are not read.
        time: what becomes of a time of day; None: a date that has one is not read.
    """

    kind = "dates"
    order: str = field()
    century: int | None = None
    time: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        parameters.choice_of("order", self.order, ORDERS)
        parameters.choice_of("time", self.time, TIMES)
        parameters.year_of("century", self.century)

    @cached_property
    def _read(self) -> Callable[[str], str | None]:
        kind = "datetime" if self.time else "date"
        return _reading(Reading(kind=kind, date_order=self.order, century=self.century))

    def change(self, text: str) -> str:
        read = self._read(text)
        if read is None:
            return text
        return read.partition("T")[0].partition(" ")[0] if self.time == "drop" else read


@dataclass(frozen=True, kw_only=True)
class DecimalMark(Rule):
    """Numbers are read with one decimal mark, and written with that of their column.

    Attributes:
        mark: one of `DECIMAL_MARKS`.
        writes: the mark of the column; None: it has none, and a number is written so that it has one reading.
    """

    kind = "decimal_mark"
    mark: str = field()
    writes: str | None = "."

    def __post_init__(self) -> None:
        super().__post_init__()
        parameters.choice_of("mark", self.mark, tuple(DECIMAL_MARKS))
        parameters.choice_of("writes", self.writes, (*DECIMAL_MARKS, None))

    @cached_property
    def _read(self) -> Callable[[str], str | None]:
        return _reading(Reading(kind="decimal", decimal_mark=self.mark))

    def change(self, text: str) -> str:
        read = self._read(text)
        return text if read is None else written_with(self.writes, read)


@dataclass(frozen=True, kw_only=True)
class Percent(Rule):
    """Numbers with a percent sign lose it.

    Attributes:
        percent: one of `PERCENTS`.
        writes: the decimal mark of the column, with which numbers are read and written; None: it has none.
    """

    kind = "percent"
    percent: str = field()
    writes: str | None = "."

    def __post_init__(self) -> None:
        super().__post_init__()
        parameters.choice_of("percent", self.percent, tuple(PERCENTS))
        parameters.choice_of("writes", self.writes, (*DECIMAL_MARKS, None))

    @cached_property
    def _read(self) -> Callable[[str], str | None]:
        return _reading(Reading(kind="decimal", decimal_mark=self.writes, percent=self.percent))

    def change(self, text: str) -> str:
        read = self._read(text) if "%" in text else None
        return text if read is None else written_with(self.writes, read)


def _reading(reading: Reading) -> Callable[[str], str | None]:
    """What reads a cell; None where it cannot, and where the cell means no value."""
    read_cell = reader_of(reading)

    def read(text: str) -> str | None:
        found = read_cell(text) if text else None
        return None if found is None or found.fault else found.text

    return read
