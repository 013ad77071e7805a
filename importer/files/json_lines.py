"""Reads the rows of a converted file from any position in it (`importer.files.conversion`).

Each line is a JSON array: the row's place in the original, its cells, and, where it could not be read, an object
that says why. A line that is none of these raises: it was not written by a conversion.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from importer.files.csv_reader import PAUSE_BYTES, Position, Record, new_tuple
from importer.files.line_formats import PLAIN, LineFormat
from importer.files.problems import Limits, Problem

TOO_FEW_CELLS = "too_few_cells"
NUL = b"\\u0000"
"""How JSON writes it."""


class JsonLinesReader:
    """Yields the rows of a converted file, as `importer.files.csv_reader.RecordReader` does those of a text.

    Cells that a row lacks at its end are empty, unless the original has fewer delimiters than its header.

    Args:
        source: stands at `position.offset` already, and is buffered. What its `readline` raises passes through.
        width: cells that a row must have; None: any number.
        max_record_bytes, max_cell_chars: as `RecordReader` has them.
        line_format: its header, if it has one, is no row where it comes again.
    """

    def __init__(
        self,
        source: BinaryIO,
        position: Position,
        *,
        width: int | None,
        max_record_bytes: int,
        max_cell_chars: int,
        line_format: LineFormat = PLAIN,
    ) -> None:
        self._format = line_format
        self._source = source
        self._row, self._line, self._offset, _, self._blank_rows, self._short_rows = position
        self._pause = self._offset + PAUSE_BYTES
        self._limits = Limits(width, max_record_bytes, max_cell_chars)
        self._steps = self._read()

    def __iter__(self) -> Iterator[Record]:
        """The records still to be read; a second loop goes on where the first left off."""
        return (record for record in self._steps if record is not None)

    def steps(self) -> Iterator[Record | None]:
        """The records, and None where `PAUSE_BYTES` were read without one: `position` has moved all the same."""
        return self._steps

    @property
    def position(self) -> Position:
        """Where the record or pause yielded last ends; its line is the last record's place in the original."""
        return Position(
            self._row, self._line, self._offset, blank_rows=self._blank_rows, short_rows=self._short_rows
        )

    def _read(self) -> Iterator[Record | None]:
        width, max_cell_chars, loads = self._limits.width, self._limits.max_cell_chars, json.loads
        begins, ends, may_be_no_row = self._format.odd_begins, self._format.odd_ends, self._format.may_be_no_row
        for line in self._source:
            try:
                place, *cells = loads(line.decode())
                is_suspect = len(line) > max_cell_chars or NUL in line
            except UnicodeDecodeError:
                place, *cells = loads(line.decode("utf-8", "surrogatepass"))
                is_suspect = True
            self._offset += len(line)
            if (
                is_suspect
                or len(cells) != width
                or is_faulty(cells)
                or not (first := (cells[0] or "").strip())
                or None in cells
                or (first[0] in begins and first[-1] in ends and may_be_no_row(cells))
            ):
                record = self._record(place, cells)
                if record is not None or self._is_pause_due():
                    yield record
                continue
            self._line = place
            self._row += 1
            yield new_tuple(Record, (self._row, place, cells, None))

    def _record(self, place: int, cells: list[Any]) -> Record | None:
        """The row of these cells; None where none of them has a value."""
        found = cells.pop() if is_faulty(cells) else None
        texts = self._fitted([cell or "" for cell in cells], may_be_short=found is None)
        if found is None and not any(map(str.strip, texts)):
            self._blank_rows += 1
            return None
        self._line = place
        self._row += 1
        problem = self._problem(texts, found)
        if problem is not None:
            texts, problem = self._limits.keep(texts, problem)
        return Record(self._row, place, texts, problem)

    def _fitted(self, cells: list[str], *, may_be_short: bool) -> list[str]:
        """The cells without empty ones beyond the header's, and with empty ones where it has more."""
        width = self._limits.width
        if width is None:
            return cells
        if len(cells) < width and may_be_short:
            self._short_rows += 1
            return cells + [""] * (width - len(cells))
        return cells if any(map(str.strip, cells[width:])) else cells[:width]

    def _problem(self, cells: list[str], found: dict[str, Any] | None) -> Problem | None:
        """What is wrong: what the conversion found, or what these cells show."""
        if found is not None and (found["problem"] != TOO_FEW_CELLS or self._limits.width is not None):
            return self._limits.problem(found["problem"], found=len(cells), last_line=found["last_line"])
        if self._format.repeats_header(cells):
            return self._limits.problem("repeated_header")
        return self._limits.problem_of_count(cells) or self._limits.problem_in(cells)

    def _is_pause_due(self) -> bool:
        is_due = self._offset >= self._pause
        if is_due:
            self._pause = self._offset + PAUSE_BYTES
        return is_due


def is_faulty(cells: list[Any]) -> bool:
    """Whether something behind the cells says why the row could not be read."""
    return bool(cells) and isinstance(cells[-1], dict)
