"""The rows of an XLSX sheet, read as a stream. What the sheet claims of its own size is not looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from importer.files.conversion.lines import ConversionLimits, Findings, Line
from importer.files.conversion.number_formats import EXACT_DIGITS, GENERAL, NumberFormat, shown
from importer.files.conversion.shared_strings import SharedStrings
from importer.files.conversion.workbook import TRUE
from importer.files.conversion.xml_parts import Attributes, LocalNames, damaged, parsed
from importer.files.tables import MAX_COLUMNS

MAX_ROWS = 1_048_576
"""Of a sheet (Excel's specifications and limits)."""

TOO_WIDE = f"a sheet has more than {MAX_COLUMNS:,} columns, or a cell has no place"

CACHED = 20_000
"""So many numbers of one style are not formatted twice."""

ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
DIGITS = "0123456789"


def unescaped(text: str) -> str:
    """A text in which `_x000D_` stands for a carriage return, and so on (ECMA-376 part 1, 22.4.2.4)."""
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def read_strings(source: BinaryIO, strings: SharedStrings, limits: ConversionLimits) -> None:
    """Read the texts that cells refer to; of rich text the letters, without how they are pronounced."""
    texts = _Texts(limits)
    local = LocalNames()

    def end(name: str) -> None:
        if local[name] == "si":
            strings.append(texts.take())
        texts.end(local[name])

    for _ in parsed(source, lambda name, _: texts.start(local[name]), end, texts.add):
        pass
    strings.flush()


class _Texts:
    """Collects the text of the elements `t`, except where they tell how a word is pronounced."""

    def __init__(self, limits: ConversionLimits) -> None:
        self._most = limits.max_cell_chars + 1
        self._text = ""
        self._is_in = self._is_phonetic = False

    def start(self, local: str) -> None:
        if local == "t":
            self._is_in = not self._is_phonetic
        elif local == "rPh":
            self._is_phonetic = True

    def end(self, local: str) -> None:
        if local == "t":
            self._is_in = False
        elif local == "rPh":
            self._is_phonetic = False

    def add(self, data: str) -> None:
        if self._is_in and len(self._text) < self._most:
            self._text += data

    def take(self) -> str:
        text, self._text = self._text, ""
        return unescaped(text)[: self._most]


class SheetReader:
    """Yields the rows of a sheet that have any value.

    Args:
        formats: of each style of the workbook.
        strings: the texts that cells refer to.
    """

    def __init__(
        self,
        strings: SharedStrings,
        formats: Sequence[NumberFormat],
        limits: ConversionLimits,
        findings: Findings,
        *,
        is_1904: bool,
    ) -> None:
        self._strings = strings
        self._formats = formats
        self._shown: dict[str, dict[str, str]] = {}
        self._general: dict[str, bool] = {}
        self._is_1904 = is_1904
        self._most = limits.max_cell_chars
        self._row_chars = limits.max_record_bytes
        self._findings = findings
        self._local = LocalNames()
        self._columns: dict[str, int] = {}
        self._ready: list[Line] = []
        self._row = 0
        self._cells: list[str] = []
        self._size = 0
        self._column = 0
        self._type = self._style = self._text = ""
        self._has_formula = self._has_value = self._is_in = self._is_phonetic = False

    def rows(self, source: BinaryIO) -> Iterator[Line]:
        """The rows, with their numbers in the sheet."""
        for _ in parsed(source, self._start, self._end, self._add):
            yield from self._ready
            self._ready.clear()

    def _start(self, name: str, attributes: Attributes) -> None:
        local = self._local[name]
        if local == "c":
            reference = attributes.get("r")
            self._column = self._column + 1 if reference is None else self._column_of(reference)
            self._type = attributes.get("t", "n")
            self._style = attributes.get("s", "0")
            self._text = ""
            self._has_formula = self._has_value = False
        elif local == "v" or local == "t":
            self._has_value = True
            self._is_in = not self._is_phonetic
        elif local == "row":
            self._begin_row(attributes)
        elif local == "f":
            self._has_formula = True
        elif local == "rPh":
            self._is_phonetic = True
        elif local == "mergeCell":
            self._findings.add("merged_cells")
        elif local == "col" and attributes.get("hidden") in TRUE:
            self._findings.add("hidden_columns")

    def _end(self, name: str) -> None:
        local = self._local[name]
        if local == "v" or local == "t":
            self._is_in = False
        elif local == "c":
            self._end_cell()
        elif local == "row":
            self._end_row()
        elif local == "rPh":
            self._is_phonetic = False

    def _add(self, data: str) -> None:
        if self._is_in and len(self._text) <= self._most:
            self._text += data

    def _column_of(self, reference: str) -> int:
        letters = reference.rstrip(DIGITS)
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = _column_number(letters)
        return column

    def _begin_row(self, attributes: Attributes) -> None:
        number = attributes.get("r", "")
        self._row = int(number) if number.isdecimal() and len(number) < 9 else self._row + 1
        if self._row > MAX_ROWS:
            raise damaged(f"a sheet has more than {MAX_ROWS:,} rows")
        self._cells = []
        self._column = -1
        self._size = 0
        if attributes.get("hidden") in TRUE:
            self._findings.add("hidden_rows", f"row {self._row:,}")

    def _end_row(self) -> None:
        if any(self._cells):
            problem = "record_too_long" if self._size > self._row_chars else None
            self._ready.append(Line(self._row, self._cells, problem))
            self._cells = []

    def _end_cell(self) -> None:
        text = self._text
        if not self._has_value:
            if self._has_formula:
                self._findings.add("unknown_formulas", self._place())
            return
        if self._type == "s":
            text = self._strings.look_up(text)
        elif self._type == "n":
            text = self._number(text)
        else:
            text = self._other(text)
        if not text:
            return
        self._size += len(text)
        if self._size <= self._row_chars:
            self._put(text)

    def _put(self, text: str) -> None:
        if len(text) > self._most:
            self._findings.add("cut_cells", self._place())
            text = text[: self._most + 1]
        cells, column = self._cells, self._column
        if column >= MAX_COLUMNS:
            raise damaged(TOO_WIDE)
        if column == len(cells):
            cells.append(text)
        elif column < len(cells):
            cells[column] = text
        else:
            cells.extend([""] * (column - len(cells)))
            cells.append(text)

    def _number(self, text: str) -> str:
        if len(text) <= EXACT_DIGITS and text.isdecimal() and text[0] != "0" and self._is_general():
            return text
        known = self._shown.setdefault(self._style, {})
        found = known.get(text)
        if found is None:
            if len(known) >= CACHED:
                known.clear()
            found = known[text] = self._formatted(text)
        return found

    def _is_general(self) -> bool:
        known = self._general.get(self._style)
        if known is None:
            known = self._general[self._style] = self._format() is GENERAL
        return known

    def _format(self) -> NumberFormat:
        style = int(self._style) if self._style.isdecimal() else -1
        return self._formats[style] if 0 <= style < len(self._formats) else GENERAL

    def _formatted(self, text: str) -> str:
        wanted = self._format()
        try:
            value = float(text)
        except ValueError:
            return text  # no number, whatever the sheet says: as it stands
        if value - value != 0:
            return text
        if abs(value) >= 10**EXACT_DIGITS:
            self._findings.add("long_numbers", self._place())
        return shown(value, wanted, is_1904=self._is_1904)

    def _other(self, text: str) -> str:
        if self._type == "e":
            self._findings.add("error_cells", self._place())
            return ""
        if self._type == "b":
            return {"0": "FALSE", "1": "TRUE"}.get(text.strip(), text)
        if self._type == "d":
            return text.strip().removesuffix("Z").removesuffix("T00:00:00")
        return unescaped(text)

    def _place(self) -> str:
        return f"row {self._row:,}, column {self._column + 1:,}"


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        if not "A" <= letter <= "Z" or number > MAX_COLUMNS:
            raise damaged(TOO_WIDE)
        number = number * 26 + ord(letter) - 64
    if not 0 < number <= MAX_COLUMNS:
        raise damaged(TOO_WIDE)
    return number - 1
