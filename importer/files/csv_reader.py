"""Reads the records of a text from any position in it, as its profile says.

Records are written as RFC 4180 describes it, with any delimiter and quote: quoted cells with delimiters, doubled
quotes and newlines in them. Lines end at LF. A quote inside an unquoted cell is an ordinary character. A byte
order mark before a record belongs to no cell: a file has one, and files that were joined have more. A faulty
record fails alone and is yielded with its `Problem`; nothing in a file's bytes raises.

What a record is depends only on the bytes from its start on, never on what was read before: reading on and
resuming at `RecordReader.position` give the same records (docs/design.md, rule 4).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from importer.files.line_formats import PLAIN, LineFormat
from importer.files.lines_ahead import LinesAhead, Source
from importer.files.problems import Limits, Problem
from importer.files.text_lines import BYTE_ORDER_MARK, END_OF_FILE

SKIP_BYTES = 64 * 1024

PAUSE_BYTES = 256 * 1024
"""So much is read without a record before `RecordReader.steps` says so."""

MARK, END_OF_FILE_BYTES = BYTE_ORDER_MARK.encode(), END_OF_FILE.encode()

new_tuple = tuple.__new__  # spares every row the call of a NamedTuple's own, slower constructor


class Position(NamedTuple):
    """Where reading goes on; everything before it has been read.

    Attributes:
        row_number: rows read; blank lines are no rows. -1 where the header comes next.
        line_number: physical lines read.
        offset: bytes read, from the start of the file.
        is_within_line: the line read last was too long and has failed; the rest of it is still to be skipped.
        blank_rows: lines read without any value, which are no rows.
        short_rows: rows read whose missing cells count as empty.
    """

    row_number: int = 0
    line_number: int = 0
    offset: int = 0
    is_within_line: bool = False
    blank_rows: int = 0
    short_rows: int = 0


class Record(NamedTuple):
    """One record of the file.

    Attributes:
        row_number: from 1 after the header; the header's own is 0.
        line_number: physical line where the record begins; the file's first is 1.
        cells: as the file has them, as many as the header has; bytes that the encoding has not stand as lone
            surrogates (PEP 383). Those of a failing row may be more or fewer, and may be cut; where its quotes are
            at fault they are the best reading of its line.
        problem: None where the row can be validated.
    """

    row_number: int
    line_number: int
    cells: list[str]
    problem: Problem | None


class RecordReader:
    """Yields the records of a file from a position on, in memory bounded by `max_record_bytes`.

    Where a record spans several lines and does not end as it should (its quote is never closed, it grows too long,
    text follows the closing quote), only its first line fails, and reading goes on with the second. Each line is
    parsed a fixed number of times at most, whatever the file contains.

    Args:
        source: stands at `position.offset` already, and is buffered. What its `readline` raises passes through.
        width: cells that a row must have; None: any number.
        max_record_bytes: bytes of a record, its line end included; a longer one fails.
        max_cell_chars: characters of a cell; a row with a longer one fails.
        line_format: how a line becomes text and cells.
        is_fitted: missing cells at the end of a row are added, and empty ones too many left out; else the cells
            stay as many as the file has.
    """

    def __init__(
        self,
        source: Source,
        position: Position,
        *,
        width: int | None,
        max_record_bytes: int,
        max_cell_chars: int,
        line_format: LineFormat = PLAIN,
        is_fitted: bool = True,
    ) -> None:
        self._is_fitted = is_fitted
        self._source = source
        self._format = line_format
        self._row, self._line, self._offset, self._is_within_line, self._blank_rows, self._short_rows = position
        self._pause = self._offset + PAUSE_BYTES
        self._limits = Limits(width, max_record_bytes, max_cell_chars)
        self._taken: list[bytes] = []
        self._ahead = LinesAhead(source, line_format, max_record_bytes)
        self._is_suspect, self._swallowed = False, 0
        self._steps = self._read()

    def __iter__(self) -> Iterator[Record]:
        """The records still to be read; a second loop goes on where the first left off."""
        return (record for record in self._steps if record is not None)

    def steps(self) -> Iterator[Record | None]:
        """The records, and None where `PAUSE_BYTES` were read without one: `position` has moved all the same."""
        return self._steps

    @property
    def position(self) -> Position:
        """Where the record or pause yielded last ends; after the last record, where the file ends."""
        return Position(
            self._row, self._line, self._offset, self._is_within_line, self._blank_rows, self._short_rows
        )

    def _read(self) -> Iterator[Record | None]:
        while True:
            if self._is_within_line:
                yield from self._skip_line()
            if len(self._ahead.lines) > 1:
                yield from self._read_one_ahead()
                continue
            yield from self._read_straight()
            if not self._taken:
                return
            if self._taken[0].startswith(MARK) and len(self._taken[0]) <= self._limits.max_record_bytes:
                yield from self._read_without_mark()
            else:
                yield self._fail_first_line()

    def _read_straight(self) -> Iterator[Record | None]:
        """Yield records to the end, or until one is faulty or has a mark before it; `_taken` has its lines then.

        Nearly all records are sound and have one line. They do not pass through `_record`, which is slower.
        """
        taken, width, max_cell_chars = self._taken, self._limits.width, self._limits.max_cell_chars
        begins, ends, may_be_no_row = self._format.odd_begins, self._format.odd_ends, self._format.may_be_no_row
        try:
            for cells in self._format.reader(self._take_lines()):
                if len(taken) > 2 and self._format.swallows_rows(taken, width):
                    self._swallowed = len(taken)
                    return
                is_odd = len(cells) != width or len(taken) > 1 or self._is_suspect
                is_odd = is_odd or len(taken[0]) > max_cell_chars or taken[0] >= MARK
                is_odd = is_odd or not (first := cells[0].strip())
                if is_odd or (first[0] in begins and first[-1] in ends and may_be_no_row(cells)):
                    if taken[0].startswith(MARK):
                        return
                    if (record := self._record(cells)) is not None or self._is_pause_due():
                        yield record
                    continue
                self._offset += len(taken.pop())
                self._line += 1
                self._row += 1
                yield new_tuple(Record, (self._row, self._line, cells, None))
        except csv.Error:
            return

    def _take_lines(self) -> Iterator[str]:
        """Yield lines as `csv` asks for them, until the end of the file or until a record grows too long."""
        taken, ahead, limit = self._taken, self._ahead.lines, self._limits.max_record_bytes
        readline, decode, size = self._source.readline, self._format.decode, 0
        while line := ahead.popleft() if ahead else readline(limit + 1):
            size = size + len(line) if taken else len(line)
            taken.append(line)
            if size > limit:
                return
            try:
                text = decode(line)
            except UnicodeDecodeError:
                text = self._format.decode_any(line)
                self._is_suspect = True
            if "\0" in text:
                self._is_suspect = True
            yield text

    def _texts(self) -> Iterator[str]:
        """The lines taken as text, whatever their bytes."""
        first, *others = self._taken
        yield self._format.first_text(first)
        yield from map(self._format.decode_any, others)

    def _record(self, cells: list[str]) -> Record | None:
        """The record in the lines taken, which count as read; None where they are a blank line."""
        line_number, lines, size = self._line + 1, [*self._taken], sum(map(len, self._taken))
        is_suspect = self._is_suspect or size > self._limits.max_cell_chars
        is_end = self._line > 0 and not lines[-1].strip(END_OF_FILE_BYTES)
        self._line += len(self._taken)
        self._offset += size
        self._taken.clear()
        self._is_suspect = False
        is_mark = self._limits.width not in (None, len(cells)) and not lines[-1].rstrip().strip(END_OF_FILE_BYTES)
        if is_end or is_mark or not any(map(str.strip, cells)):
            self._blank_rows += not is_end
            return None  # blank, or of nothing but delimiters
        self._row += 1
        cells, problem = self._shaped(cells, lines)
        problem = problem or (self._limits.problem_in(cells) if is_suspect else None)
        if problem is not None:
            cells, problem = self._limits.keep(cells, problem)
        return Record(self._row, line_number, cells, problem)

    def _shaped(self, cells: list[str], lines: Sequence[bytes]) -> tuple[list[str], Problem | None]:
        """A row's cells, as many as the header has, and what is wrong with the row as a whole."""
        width = self._limits.width
        if self._format.repeats_header(cells):
            return cells, self._limits.problem("repeated_header")
        if width is None or len(cells) == width:
            return cells, None
        is_off = len(lines) == 1 and not width / 2 < len(cells) < width
        if is_off and (others := self._format.cells_otherwise(lines[0], width)):
            return others, self._limits.problem("written_otherwise", found=len(cells))
        problem = self._limits.problem_of_count(cells)
        if problem is None:
            self._short_rows += len(cells) < width
            cells = [*cells[:width], *[""] * (width - len(cells))] if self._is_fitted else cells
        return cells, problem

    def _fail_first_line(self) -> Record:
        """Fail the first of the lines taken, and hand back the others."""
        first, *rest = self._taken
        last_line = self._line + self._swallowed if self._swallowed else 0
        self._swallowed = 0
        self._taken.clear()
        self._ahead.hand_back(rest)
        return self._failed_line(first, last_line)

    def _failed_line(self, line: bytes, last_line: int = 0) -> Record:
        """Fail this line; where its quote swallows rows, up to `last_line`."""
        is_too_long = len(line) > self._limits.max_record_bytes
        text = self._format.first_text(line)
        if last_line:
            problem = self._limits.problem("quote_swallows_rows", last_line=last_line)
        else:
            fault = ("record_too_long", None) if is_too_long else self._format.fault_of(text)
            problem = self._limits.problem(*fault)
        body = text.rstrip("\r\n")
        cells = [body] if is_too_long else self._format.cells_at_best(body, self._limits.width)
        self._row += 1
        self._line += 1
        self._offset += len(line)
        self._is_within_line = is_too_long and not line.endswith(b"\n")
        return Record(self._row, self._line, *self._limits.keep(cells, problem))

    def _skip_line(self) -> Iterator[None]:
        """Read the rest of a line that has failed."""
        while piece := self._source.readline(SKIP_BYTES):
            self._offset += len(piece)
            if piece.endswith(b"\n"):
                break
            if self._is_pause_due():
                yield None
        self._is_within_line = False

    def _is_pause_due(self) -> bool:
        """Whether much was read since the last pause; the records between do not matter."""
        is_due = self._offset >= self._pause
        if is_due:
            self._pause = self._offset + PAUSE_BYTES
        return is_due

    def _read_without_mark(self) -> Iterator[Record | None]:
        """Yield the record that begins with the first of the lines taken, behind a byte order mark."""
        self._is_suspect, self._swallowed = False, 0
        self._ahead.hand_back(self._taken)
        self._taken.clear()
        yield from self._read_one_ahead()

    def _read_one_ahead(self) -> Iterator[Record | None]:
        """Yield the record that begins with the first line handed back, or a pause where that line is blank."""
        first = self._ahead.take()
        try:
            is_open = self._format.opens_quote(first)
        except csv.Error:
            yield self._failed_line(first)
            return
        if is_open and not self._ahead.closes_quote(len(first)):
            yield self._failed_line(first)
            return
        self._taken.append(first)
        if is_open:
            self._taken.extend(self._ahead.lines)
            if self._format.swallows_rows(self._taken, self._limits.width):
                yield self._failed_line(self._taken.pop(0), self._line + 1 + len(self._ahead.lines))
                self._taken.clear()
                return
            self._ahead.lines.clear()
        self._is_suspect = True
        record = self._record(next(self._format.reader(self._texts())))
        if record is not None or self._is_pause_due():
            yield record
