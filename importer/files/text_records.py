"""The records of a text, read by its profile; a record that cannot be read as it stands says why."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from importer.files.csv_reader import ROW_CELLS
from importer.files.dialects import Dialect, unescaped

TEXT_AFTER_QUOTE = "Text follows a closing quote, or a quote stands where none is expected."

MAX_LINES_OF_A_RECORD = 1000
MAX_CHARACTERS_OF_A_RECORD = 1024 * 1024


class TextRecord(NamedTuple):
    """A record.

    Attributes:
        line: physical line where it begins, from 1.
        cells: as they are read.
        problem: what is wrong with it, in words; empty where nothing is.
    """

    line: int
    cells: list[str]
    problem: str = ""


class TextRecords:
    """Yields the records of these lines; lines of nothing but blanks are none.

    Args:
        lines: with their ends.
        width: cells that most records have; it tells a cell of several lines from one that swallowed rows.
        line: number of the first of the lines.
    """

    def __init__(self, lines: Iterable[str], dialect: Dialect, width: int, line: int = 1) -> None:
        self._lines = iter(lines)
        self._ahead: deque[str] = deque()
        self._dialect = dialect
        self._width = width
        self._number = line

    def __iter__(self) -> Iterator[TextRecord]:
        while (line := self._next()) is not None:
            body = line.rstrip("\r\n")
            if not body.strip():
                self._number += 1
                continue
            cells, problem, taken = self._read(line, body)
            record = TextRecord(self._number, cells, problem)
            self._number += taken
            yield record

    def _next(self) -> str | None:
        return self._ahead.popleft() if self._ahead else next(self._lines, None)

    def _read(self, line: str, body: str) -> tuple[list[str], str, int]:
        """The cells of the record that begins with this line, what is wrong, and how many lines it has."""
        dialect = self._dialect
        if dialect.wraps_lines:
            body = body.strip()
            if len(body) > 1 and body[0] == body[-1] == '"':
                body = body[1:-1].replace('""', '"')
            return self._parsed([body])[0], "", 1
        if not dialect.delimiter or not dialect.quote or dialect.quote not in body:
            return self._plain(body), "", 1
        taken = [line]
        cells, is_whole = self._parsed(self._taking(taken))
        if is_whole and not self._swallows_rows(taken):
            return cells, "", len(taken)
        self._ahead.extendleft(reversed(taken[1:]))
        is_open = is_whole or len(taken) > 1
        problem = "A quote that opens here is not closed as it should be." if is_open else TEXT_AFTER_QUOTE
        return self._plain(body), problem, 1

    def _taking(self, taken: list[str]) -> Iterator[str]:
        """The lines taken, and more of them as they are asked for."""
        yield taken[0]
        size = len(taken[0])
        while len(taken) < MAX_LINES_OF_A_RECORD and size < MAX_CHARACTERS_OF_A_RECORD:
            line = self._next()
            if line is None:
                return
            taken.append(line)
            size += len(line)
            yield line

    def _parsed(self, lines: Iterable[str]) -> tuple[list[str], bool]:
        """The cells, and whether the record is written as it should be."""
        dialect = self._dialect
        if not dialect.delimiter:
            return [next(iter(lines))], True
        read = (self._prepared(line) for line in lines)
        options = {
            "delimiter": dialect.delimiter,
            "quotechar": dialect.quote or None,
            "quoting": csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
            "skipinitialspace": dialect.is_padded,
        }
        try:
            cells = next(csv.reader(read, strict=True, **options), [])  # type: ignore[arg-type]
        except csv.Error:
            return [], False
        return [cell.strip(" \t") if dialect.is_padded else cell for cell in cells], True

    def _prepared(self, line: str) -> str:
        dialect = self._dialect
        if dialect.escape:
            line = unescaped(line, dialect)
        if dialect.is_padded or dialect.delimiter not in " \t":
            quote, delimiter = re.escape(dialect.quote), re.escape(dialect.delimiter)
            after = rf"(?<!{quote}){quote}[ \t]+(?={delimiter}|[\r\n]*$)"
            line = re.sub(after, dialect.quote, line)
        return line

    def _plain(self, body: str) -> list[str]:
        """The cells of a line in which no quote counts."""
        dialect = self._dialect
        cells = body.split(dialect.delimiter) if dialect.delimiter else [self._whole(body)]
        return [cell.strip(" \t") for cell in cells] if dialect.is_padded else cells

    def _whole(self, body: str) -> str:
        text, quote = body.strip(), self._dialect.quote
        if quote and len(text) > 1 and text[0] == text[-1] == quote:
            return text[1:-1].replace(quote * 2, quote)
        return body

    def _swallows_rows(self, taken: list[str]) -> bool:
        """Whether the lines inside a record look like rows: each is by itself a sound record of as many cells."""
        inner = taken[1:-1]
        if not inner or self._width < ROW_CELLS:
            return False
        return all(len(self._parsed([line])[0]) == self._width for line in inner)
