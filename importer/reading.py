"""Reads the records of a CSV file from any position in it; the only module that knows CSV.

The format is RFC 4180 as spreadsheets write it: commas, quoted cells with commas, doubled quotes and newlines
in them, LF or CRLF, UTF-8 with or without a byte order mark. A quote inside an unquoted cell is an ordinary
character. A faulty record fails alone and is yielded with its `Problem`; nothing in a file's bytes raises.

What a record is depends only on the bytes from its start on, never on what was read before: reading on and
resuming at `RecordReader.position` give the same records (DESIGN.md, rule 4).
"""

from __future__ import annotations

import csv
import re
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
SKIPPED_AT_ONCE = 64 * 1024

KEPT_SHARE = 8
"""A failing row keeps max_record_bytes / 8 characters, a separator counting as one: in JSON, where one character
takes up to 6 bytes and one separator 4, it is then never larger than the largest record."""

ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
"""What `surrogateescape` makes of a byte that is not UTF-8; decoded UTF-8 never contains it."""

PROBLEMS: dict[str, str] = {
    "too_few_cells": "The row has {found:,} cells, the header {width:,}. Add the missing ones, if only as commas.",
    "too_many_cells": "The row has {found:,} cells, the header {width:,}. Remove the extra cells, or put quotes"
    " around cells that contain commas.",
    "invalid_utf8": "Cell {cell:,} is not valid UTF-8. Save the file as CSV UTF-8, or type the cell anew.",
    "nul_character": "Cell {cell:,} contains a NUL character. Remove it.",
    "cell_too_long": "Cell {cell:,} is longer than {max_cell_chars:,} characters, the limit here. Shorten it.",
    "record_too_long": "The row is longer than {max_record_bytes:,} bytes, the limit here. Shorten it.",
    "text_after_quote": 'Text follows a closing quote. Write each quote inside a quoted cell twice (""), or remove'
    " the text.",
    "unclosed_quote": "A quote that opens in this line is not closed: the file ends first, or the row grows longer"
    " than {max_record_bytes:,} bytes, or the next quote has text after it. Close it, and write each quote inside"
    ' a quoted cell twice ("").',
    "stray_carriage_return": "A carriage return stands between characters of an unquoted cell. Put quotes around"
    " the cell, or remove it.",
}
"""Every way in which a row cannot even be validated: its code, and what is wrong and what to do."""

CUT = " Only the beginning of the row is kept here."

new_tuple = tuple.__new__  # a NamedTuple's own constructor takes twice as long, and is called for every row

csv.field_size_limit(sys.maxsize)  # ours are max_record_bytes and max_cell_chars; csv's would raise at 131,072


class Source(Protocol):
    """Where bytes come from: an `io.BufferedReader`, or another binary stream with its `readline`."""

    def readline(self, size: int, /) -> bytes: ...


class Position(NamedTuple):
    """Where reading goes on; everything before it has been read.

    Attributes:
        row_number: rows read; blank lines are no rows. -1 where the header comes next.
        line_number: physical lines read.
        offset: bytes read, from the start of the file.
    """

    row_number: int = 0
    line_number: int = 0
    offset: int = 0


class Problem(NamedTuple):
    """Why a row cannot even be validated.

    Attributes:
        code: one of `PROBLEMS`.
        message: what is wrong and what to do; never contains what the file contains.
        column: index of the cell at fault, from 0, if one is.
    """

    code: str
    message: str
    column: int | None = None


class Record(NamedTuple):
    """One record of the file.

    Attributes:
        row_number: from 1 after the header; the header's own is 0.
        line_number: physical line where the record begins; the file's first is 1.
        cells: as the file has them; bytes that are not UTF-8 stand as lone surrogates (PEP 383). Where the cells
            cannot be told apart, the raw line is the only one. Those of a failing row may be cut.
        problem: None where the row can be validated.
    """

    row_number: int
    line_number: int
    cells: list[str]
    problem: Problem | None


class RecordReader:
    """Yields the records of a file from a position on, in memory bounded by `max_record_bytes`.

    A record that spans several lines and does not end as it should (its quote is never closed, it grows too long,
    text follows the closing quote) loses its first line only; reading goes on with the second. Each line is parsed
    a fixed number of times at most, whatever the file contains.

    Args:
        source: stands at `position.offset` already. What its `readline` raises passes through.
        width: cells that a row must have; None: any number.
        max_record_bytes: bytes of a record, its line end included; a longer one fails.
        max_cell_chars: characters of a cell; a row with a longer one fails.
    """

    def __init__(
        self,
        source: Source,
        position: Position,
        *,
        width: int | None,
        max_record_bytes: int,
        max_cell_chars: int,
    ) -> None:
        self._source = source
        self._row, self._line, self._offset = position
        self._width = width
        self._max_record_bytes = max_record_bytes
        self._max_cell_chars = max_cell_chars
        self._taken: list[bytes] = []
        self._ahead = _Ahead(source, max_record_bytes)
        self._is_suspect = False
        self._records = self._read()

    def __iter__(self) -> Iterator[Record]:
        """The records still to be read; a second loop goes on where the first left off."""
        return self._records

    @property
    def position(self) -> Position:
        """After the record yielded last; once all are, after the last byte."""
        return Position(self._row, self._line, self._offset)

    def _read(self) -> Iterator[Record]:
        if self._offset == 0:
            self._skip_byte_order_mark()
        while True:
            if len(self._ahead.lines) > 1:
                yield from self._read_one_ahead()
                continue
            yield from self._read_straight()
            if not self._taken:
                return
            yield self._fail_first_line()

    def _skip_byte_order_mark(self) -> None:
        start = self._source.readline(len(BYTE_ORDER_MARK))
        if start == BYTE_ORDER_MARK:
            self._offset = len(start)
        elif start:
            ended = start.endswith(b"\n")
            rest = b"" if ended else self._source.readline(self._max_record_bytes + 1 - len(start))
            self._ahead.lines.append(start + rest)

    # The straight path

    def _read_straight(self) -> Iterator[Record]:
        """Yield records until one is faulty, whose lines are then in `_taken`, or until the end of the file.

        A sound record of one line, as nearly all are, does not pass through `_record`: that would cost a fifth of
        the speed.
        """
        taken, width, max_cell_chars = self._taken, self._width, self._max_cell_chars
        try:
            for cells in csv.reader(self._take_lines(), strict=True):
                if len(cells) != width or len(taken) > 1 or self._is_suspect or len(taken[0]) > max_cell_chars:
                    if (record := self._record(cells)) is not None:
                        yield record
                    continue
                self._offset += len(taken.pop())
                self._line += 1
                self._row += 1
                yield new_tuple(Record, (self._row, self._line, cells, None))
        except csv.Error:
            return

    def _take_lines(self) -> Iterator[str]:
        taken, ahead, limit = self._taken, self._ahead.lines, self._max_record_bytes
        readline, size = self._source.readline, 0
        while line := ahead.popleft() if ahead else readline(limit + 1):
            size = size + len(line) if taken else len(line)
            taken.append(line)
            if size > limit:
                return
            try:
                text = line.decode()
            except UnicodeDecodeError:
                text = _decode(line)
                self._is_suspect = True
            if "\0" in text:
                self._is_suspect = True
            yield text

    def _record(self, cells: list[str]) -> Record | None:
        """Step over the lines taken; None where they are a blank line."""
        taken = self._taken
        lines, size = (1, len(taken[0])) if len(taken) == 1 else (len(taken), sum(map(len, taken)))
        taken.clear()
        line_number = self._line + 1
        self._line += lines
        self._offset += size
        if not cells:
            return None
        self._row += 1
        if self._is_suspect or size > self._max_cell_chars or len(cells) != self._width:
            self._is_suspect = False
            if (problem := self._problem_in(cells)) is not None:
                return self._failed(line_number, cells, problem)
        return Record(self._row, line_number, cells, None)

    def _problem_in(self, cells: list[str]) -> Problem | None:
        if self._width is not None and len(cells) != self._width:
            code = "too_few_cells" if len(cells) < self._width else "too_many_cells"
            return self._problem(code, found=len(cells))
        for column, cell in enumerate(cells):
            if ESCAPED_BYTE.search(cell):
                return self._problem("invalid_utf8", column)
            if "\0" in cell:
                return self._problem("nul_character", column)
            if len(cell) > self._max_cell_chars:
                return self._problem("cell_too_long", column)
        return None

    def _problem(self, code: str, column: int | None = None, *, found: int = 0) -> Problem:
        message = PROBLEMS[code].format(
            found=found,
            width=self._width,
            cell=0 if column is None else column + 1,
            max_cell_chars=self._max_cell_chars,
            max_record_bytes=self._max_record_bytes,
        )
        return Problem(code, message, column)

    def _failed(self, line_number: int, cells: list[str], problem: Problem) -> Record:
        kept = _cut(cells, self._max_record_bytes // KEPT_SHARE)
        if kept != cells:
            problem = problem._replace(message=problem.message + CUT)
        return Record(self._row, line_number, kept, problem)

    # Faulty records

    def _fail_first_line(self) -> Record:
        """Fail the first of the lines taken, and hand back the others."""
        first, *rest = self._taken
        self._taken.clear()
        self._is_suspect = False
        if rest:
            self._ahead.hand_back(rest, is_decided=len(first) + sum(map(len, rest)) <= self._max_record_bytes)
        return self._failed_line(first)

    def _failed_line(self, line: bytes) -> Record:
        is_too_long = len(line) > self._max_record_bytes
        code = "record_too_long" if is_too_long else _fault_of(_decode(line))
        self._row += 1
        self._line += 1
        self._offset += len(line)
        if is_too_long and not line.endswith(b"\n"):
            self._skip_line()
        return self._failed(self._line, [_decode(line).rstrip("\r\n")], self._problem(code))

    def _skip_line(self) -> None:
        while piece := self._source.readline(SKIPPED_AT_ONCE):
            self._offset += len(piece)
            if piece.endswith(b"\n"):
                return

    def _read_one_ahead(self) -> Iterator[Record]:
        """Yield the record that begins with the first line handed back, unless that line is blank."""
        first = self._ahead.take()
        try:
            is_open = _opens_quote(_decode(first))
        except csv.Error:
            yield self._failed_line(first)
            return
        if is_open and not self._ahead.closes_quote(len(first)):
            yield self._failed_line(first)
            return
        self._taken += [first, *self._ahead.take_all()] if is_open else [first]
        self._is_suspect = True
        if (record := self._record(next(csv.reader(map(_decode, self._taken), strict=True)))) is not None:
            yield record


class _Ahead:
    """Lines handed back because the quote that opened before them did not close as it should.

    A line begins either inside a quoted cell or outside one, and nothing else about what stands before it matters.
    So a quote still open before any of these lines meets the same end as the first one did; remembering that end
    is what keeps a file full of open quotes from being parsed over and over.
    """

    def __init__(self, source: Source, max_record_bytes: int) -> None:
        self._source = source
        self._max_record_bytes = max_record_bytes
        self._size = 0
        self._is_decided = True
        self.lines: deque[bytes] = deque()

    def hand_back(self, lines: Sequence[bytes], *, is_decided: bool) -> None:
        """Keep lines; `is_decided` says that a quote open before them ends badly, whatever follows.

        Otherwise it is open at the start of the last of them, which nobody has looked into.
        """
        self.lines.extend(lines)
        self._size = sum(map(len, self.lines))
        self._is_decided = is_decided

    def take(self) -> bytes:
        line = self.lines.popleft()
        self._size -= len(line)
        return line

    def take_all(self) -> list[bytes]:
        lines = list(self.lines)
        self.lines.clear()
        return lines

    def closes_quote(self, size_before: int) -> bool:
        """Whether a quote open before the first line closes with the last, reading more lines to find out.

        Args:
            size_before: bytes of the record before these lines.
        """
        while not self._is_decided and size_before + self._size <= self._max_record_bytes:
            try:
                if not _opens_quote('"' + _decode(self.lines[-1])):
                    return True
            except csv.Error:
                self._is_decided = True
                return False
            line = self._source.readline(self._max_record_bytes + 1)
            if not line:
                self._is_decided = True
                return False
            self.lines.append(line)
            self._size += len(line)
        return False


def _decode(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")


def _opens_quote(line: str) -> bool:
    """Whether a quote is open at the end of a line that begins outside one.

    Raises:
        csv.Error: the line is malformed.
    """
    reader = csv.reader((line, '"'), strict=True)
    next(reader)
    return reader.line_num == 2


def _fault_of(line: str) -> str:
    """The code of what is wrong with a line that is no record."""
    try:
        _opens_quote(line)
    except csv.Error:
        return "stray_carriage_return" if _fails_leniently(line) else "text_after_quote"
    return "unclosed_quote"


def _fails_leniently(line: str) -> bool:
    """A reader that is not strict allows text after a quote, but no stray carriage return."""
    try:
        next(csv.reader([line]))
    except csv.Error:
        return True
    return False


def _cut(cells: list[str], room: int) -> list[str]:
    kept = []
    for cell in cells:
        if room <= 0:
            break
        kept.append(cell[:room])
        room -= len(cell) + 1
    return kept
