"""The sheets and rows of an OpenDocument spreadsheet, read as a stream.

Source: OpenDocument 1.3 part 3, 9 (tables) and 19 (attributes).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import BinaryIO

from importer.files.conversion.inflation import Budget
from importer.files.conversion.lines import ConversionLimits, Findings, Line
from importer.files.conversion.number_formats import EXACT_DIGITS, plain
from importer.files.conversion.sheet import MAX_ROWS
from importer.files.conversion.xml_parts import Attributes, LocalNames, damaged, parsed
from importer.files.tables import MAX_COLUMNS

CONTENT = "content.xml"
ERROR = re.compile(r"#[A-Z/0!?]+|Err:\d+").fullmatch
DURATION = re.compile(r"P(?:(\d+)D)?T(\d+)H(\d+)M(\d+)(?:[.,](\d+))?S").fullmatch
CELLS = ("table-cell", "covered-table-cell")


class SheetRows:
    """Yields the rows of one sheet, and notes the names of all.

    A row or cell that is repeated counts as often as there is content, and no further.

    Attributes:
        sheets: names of the sheets met so far, each with whether it is hidden.

    Args:
        wanted: name of the sheet.
    """

    def __init__(self, wanted: str, limits: ConversionLimits, findings: Findings, budget: Budget) -> None:
        self.sheets: dict[str, bool] = {}
        self._wanted = wanted
        self._limits = limits
        self._findings = findings
        self._budget = budget
        self._local = LocalNames()
        self._hidden_styles: set[str] = set()
        self._style = ""
        self._is_wanted = False
        self._depth_of_notes = 0
        self._hidden_row = False
        self._row = self._repeats = 0
        self._cells: list[str] = []
        self._column = 0
        self._cell: Attributes = {}
        self._text: list[str] = []
        self._size = 0
        self._is_in = False
        self._ready: list[tuple[Line, int]] = []

    def rows(self, source: BinaryIO) -> Iterator[Line]:
        """The rows, with their numbers in the sheet."""
        for _ in parsed(source, self._start, self._end, self._add):
            for line, repeats in self._ready:
                size = sum(map(len, line.cells))
                for number in range(repeats):
                    if number:
                        self._budget.take(size)
                    yield line._replace(place=line.place + number)
            self._ready.clear()

    def _start(self, name: str, attributes: Attributes) -> None:
        local = self._local[name]
        if local == "table":
            self._begin_table(_named(attributes))
        elif local == "style":
            self._style = _named(attributes).get("name", "")
        elif local == "table-properties" and _named(attributes).get("display") == "false":
            self._hidden_styles.add(self._style)
        elif not self._is_wanted:
            return
        elif local in CELLS:
            self._cell, self._text, self._size = _named(attributes), [], 0
        elif local == "table-row":
            self._begin_row(_named(attributes))
        elif local in ("annotation", "shape", "frame"):
            self._depth_of_notes += 1
        elif not self._depth_of_notes:
            self._start_text(local, attributes)

    def _start_text(self, local: str, attributes: Attributes) -> None:
        if local == "p":
            if self._text:
                self._text.append("\n")
            self._text.append("")
            self._is_in = True
        elif local == "s":
            self._text.append(" " * min(_count(_named(attributes).get("c")), self._limits.max_cell_chars))
        elif local == "tab":
            self._text.append("\t")
        elif local == "line-break":
            self._text.append("\n")

    def _end(self, name: str) -> None:
        local = self._local[name]
        if not self._is_wanted:
            return
        if local == "p" and not self._depth_of_notes:
            self._is_in = False
        elif local in ("annotation", "shape", "frame"):
            self._depth_of_notes -= 1
        elif local in CELLS:
            self._end_cell()
        elif local == "table-row":
            self._end_row()
        elif local == "table":
            self._is_wanted = False

    def _add(self, data: str) -> None:
        if self._is_in and not self._depth_of_notes and self._size <= self._limits.max_cell_chars:
            self._text.append(data)
            self._size += len(data)

    def _begin_table(self, attributes: Attributes) -> None:
        name = attributes.get("name", "")
        self.sheets[name] = attributes.get("style-name", "") in self._hidden_styles
        self._is_wanted = name == self._wanted
        self._row = self._repeats = 0

    def _begin_row(self, attributes: Attributes) -> None:
        self._row += self._repeats or 1
        self._repeats = _count(attributes.get("number-rows-repeated"))
        self._cells, self._column = [], 0
        self._hidden_row = attributes.get("visibility") in ("collapse", "filter")

    def _end_cell(self) -> None:
        repeats = _count(self._cell.get("number-columns-repeated"))
        text = self._value()
        if text and self._column + repeats <= MAX_COLUMNS:
            self._cells += [""] * (self._column - len(self._cells)) + [text] * repeats
        elif text:
            raise damaged(f"a sheet has more than {MAX_COLUMNS:,} columns")
        if text and (_count(self._cell.get("number-columns-spanned")) > 1 or self._spans_rows()):
            self._findings.add("merged_cells")
        self._column += repeats

    def _spans_rows(self) -> bool:
        return _count(self._cell.get("number-rows-spanned")) > 1

    def _end_row(self) -> None:
        if not any(self._cells):
            return
        if self._hidden_row:
            self._findings.add("hidden_rows", f"row {self._row:,}", self._repeats)
        if self._row + self._repeats - 1 > MAX_ROWS:
            raise damaged(f"a sheet has more than {MAX_ROWS:,} rows")
        is_long = sum(map(len, self._cells)) > self._limits.max_record_bytes
        cells = ["" if is_long and len(cell) > 1000 else cell for cell in self._cells]
        self._ready.append((Line(self._row, cells, "record_too_long" if is_long else None), self._repeats))

    def _value(self) -> str:
        cell, text = self._cell, "".join(self._text)
        kind = cell.get("value-type", "")
        if (kind == "error" or cell.get("formula")) and ERROR(text):
            self._findings.add("error_cells", self._place())
            return ""
        if kind in ("float", "currency", "percentage"):
            return self._number(cell.get("value", ""), text, is_percentage=kind == "percentage")
        if kind == "date":
            return cell.get("date-value", text).removesuffix("T00:00:00")
        if kind == "time":
            return _clock(cell.get("time-value", "")) or text
        if kind == "boolean":
            return cell.get("boolean-value", text).upper()
        if cell.get("formula") and not kind:
            self._findings.add("unknown_formulas", self._place())
        text = text or cell.get("string-value", "")
        if len(text) > self._limits.max_cell_chars:
            self._findings.add("cut_cells", self._place())
            return text[: self._limits.max_cell_chars + 1]
        return text

    def _number(self, stored: str, seen: str, *, is_percentage: bool) -> str:
        """As it is seen, where that is the stored number with nothing added but zeros."""
        try:
            value = float(stored)
        except ValueError:
            return seen
        if value - value != 0:
            return seen
        if abs(value) >= 10**EXACT_DIGITS:
            self._findings.add("long_numbers", self._place())
        exact = plain(value * 100 if is_percentage else value)
        end = "%" if is_percentage else ""
        candidate = seen.removesuffix("%").strip().replace(",", ".")
        try:
            is_same = re.fullmatch(r"-?\d+(\.\d+)?", candidate) and Decimal(candidate) == Decimal(exact)
        except InvalidOperation:
            is_same = False
        return (candidate if is_same else exact) + end

    def _place(self) -> str:
        return f"row {self._row:,}, column {self._column + 1:,}"


def sheets_of(source: BinaryIO, limits: ConversionLimits, budget: Budget) -> dict[str, bool]:
    """The names of all sheets, each with whether it is hidden."""
    reader = SheetRows("\0", limits, Findings(), budget)
    for _ in reader.rows(source):
        pass
    return reader.sheets


def _named(attributes: Attributes) -> Attributes:
    return {name.rpartition(":")[2]: value for name, value in attributes.items()}


def _count(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 and int(text) else 1


def _clock(duration: str) -> str:
    found = DURATION(duration)
    if not found:
        return ""
    days, hours, minutes, seconds, fraction = found.groups()
    whole = f"{int(hours) + 24 * int(days or 0):02d}:{int(minutes):02d}:{int(seconds):02d}"
    return f"{whole}.{fraction[:3]}" if fraction and fraction.strip("0") else whole
