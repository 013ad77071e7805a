"""How one line of a text becomes characters and cells; the only module that knows how CSV is parsed."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from importer.files.dialects import TELLING_WIDTH, Dialect, unescaped
from importer.files.faulty_lines import cells_at_best, cells_otherwise, place_of_fault
from importer.files.long_delimiters import DIVIDER, all_joined, divided, is_long, joined
from importer.files.names import ends_of_spellings, normalised
from importer.files.text_lines import BYTE_ORDER_MARK, END_OF_FILE
from importer.files.wrapped_lines import unwrapped

csv.field_size_limit(sys.maxsize)  # our limits are max_record_bytes and max_cell_chars; csv's own would raise

LINES_LOOKED_AT = 50

ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.\w+").fullmatch

UTF_8 = "utf-8"


class LineFormat:
    """The encoding and the dialect of a text whose lines end at a line feed, and the header that it begins with.

    Args:
        encoding: one in which the byte of a line feed stands for nothing else.
        header: cells of the header, if it is known; further on a record of the same cells is no row.

    Attributes:
        header: the same; None where it does not tell a row: there is none, or it is a single word.
        odd_begins, odd_ends: characters with which the first cell of a row begins and ends that may be none: it is
            the header again, or the mark at the end of a file.
    """

    def __init__(self, encoding: str = UTF_8, dialect: Dialect | None = None, header: Sequence[str] = ()) -> None:
        self.header = list(header) if len(header) > 1 else None
        self._names = [normalised(name) for name in self.header or ()]
        self.odd_begins = self.odd_ends = frozenset(END_OF_FILE)
        if self.header:
            self.odd_begins, self.odd_ends = ends_of_spellings(self.header[0].strip())
        self._written = self._dialect = dialect or Dialect()
        self._long = self._written.delimiter if is_long(self._written.delimiter) else ""
        if self._long:
            self._dialect = self._written._replace(delimiter=DIVIDER)
        self._encoding = encoding
        self._is_plain = not (
            self._long or self._dialect.escape or self._dialect.is_padded or self._dialect.wraps_lines
        )
        self._options: dict[str, Any] = {
            "strict": True,
            "delimiter": self._dialect.delimiter or "\0",
            "quotechar": self._dialect.quote or None,
            "quoting": csv.QUOTE_MINIMAL if self._dialect.quote else csv.QUOTE_NONE,
            "skipinitialspace": self._dialect.is_padded,
        }
        delimiter, quote = map(re.escape, (self._dialect.delimiter, self._dialect.quote))
        end = f"(?<!{quote}){quote}[ \t]+(?={delimiter}|[\r\n]*$)"
        self._padded_end = re.compile(end) if delimiter and quote else None
        if encoding == UTF_8 and self._is_plain:
            self.decode = bytes.decode  # type: ignore[method-assign,assignment]

    @classmethod
    def from_json(cls, told: dict[str, Any] | None) -> LineFormat:
        """What `as_json` told; None: commas, quotes and UTF-8."""
        if told is None:
            return PLAIN
        dialect = {name: told[name] for name in Dialect._fields}
        return cls(told["encoding"], Dialect(**dialect), told.get("header", ()))

    def as_json(self) -> dict[str, Any]:
        """All that it is made of."""
        return {"encoding": self._encoding, **self._written._asdict(), "header": self.header or []}

    def with_header(self, header: Sequence[str]) -> LineFormat:
        """The same, with a header."""
        return LineFormat(self._encoding, self._written, header)

    def decode(self, line: bytes) -> str:
        """The line's text, prepared for `reader`.

        Raises:
            UnicodeDecodeError: it has bytes that the encoding has not.
        """
        return self._prepared(line.decode(self._encoding))

    def decode_any(self, line: bytes) -> str:
        """The same; bytes that the encoding has not stand as lone surrogates (PEP 383)."""
        return self._prepared(line.decode(self._encoding, "surrogateescape"))

    def may_be_no_row(self, cells: list[str]) -> bool:
        """Whether cells are no row, or may be none, of which the first begins and ends as it says above."""
        return self.header is None or self.repeats_header(cells)

    def repeats_header(self, cells: list[str]) -> bool:
        """Whether these are the header's cells, give or take empty ones at the end.

        Of a header with two names or more another spelling is the same, too: files that were joined differ in it.
        """
        count = len(self._names)
        if not count or any(map(str.strip, cells[count:])):
            return False
        if cells[:count] == self.header:
            return True
        if len(cells) < count or normalised(cells[0]) != self._names[0]:
            return False
        return sum(map(bool, self._names)) > 1 and [normalised(cell) for cell in cells[:count]] == self._names

    def first_text(self, line: bytes) -> str:
        """The same of a line with which a record begins: without byte order marks before it."""
        return self.decode_any(line).lstrip(BYTE_ORDER_MARK)

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The cells of these lines, record by record; no cells for a blank line.

        It raises `csv.Error` at a record that is malformed, also where the last one does not end.
        """
        cells: Iterator[list[str]] = csv.reader(lines, **self._options)
        if self._long:
            cells = all_joined(cells, self._long)
        return map(_stripped, cells) if self._dialect.is_padded else cells

    def opens_quote(self, line: bytes) -> bool:
        """Whether a quote is open at the end of a line that begins outside one.

        Raises:
            csv.Error: the line is malformed.
        """
        return self._is_open(self.first_text(line))

    def goes_on_quoted(self, line: bytes) -> bool:
        """Whether a quote that was open before the line is open behind it.

        Raises:
            csv.Error: the line is malformed.
        """
        return self._is_open(self._dialect.quote + self.decode_any(line))

    def swallows_rows(self, lines: Sequence[bytes], width: int | None) -> bool:
        """Whether the lines inside a record of several look like rows: then a quote was not closed.

        Of very many lines the first ones tell. A line of two cells, as texts may have, looks like a row where one
        of them is an e-mail address.
        """
        inner = lines[1:-1][:LINES_LOOKED_AT]
        if width is None or width < 2 or not inner:
            return False
        return all(self.looks_like_a_row(line, width) for line in inner)

    def looks_like_a_row(self, line: bytes, width: int) -> bool:
        """Whether a line by itself is a sound record of so many cells, the first of them with something in it."""
        try:
            cells = next(self.reader([self.first_text(line)]), [])
        except csv.Error:
            return False
        is_telling = width >= TELLING_WIDTH or any(ADDRESS(cell.strip()) for cell in cells)
        return len(cells) == width and bool(cells[0].strip()) and is_telling

    def cells_at_best(self, text: str, width: int | None) -> list[str]:
        """The cells of a line that is no record, as well as they can be told."""
        cells = self._as_written(cells_at_best(text, self._dialect, width))
        return _stripped(cells) if self._dialect.is_padded else cells

    def _as_written(self, cells: list[str]) -> list[str]:
        return joined(cells, self._long) if self._long else cells

    def cells_otherwise(self, line: bytes, width: int) -> list[str] | None:
        """As many cells of a sound line that has more or fewer, if another delimiter or other quotes make them."""
        cells = cells_otherwise(self.first_text(line).rstrip("\r\n"), self._dialect, width)
        return None if cells is None else self._as_written(cells)

    def fault_of(self, text: str) -> tuple[str, int | None]:
        """The code of the problem with a line that is no record, and which of its cells is at fault, if one is."""
        place = place_of_fault(text.rstrip("\r\n"), self._dialect)
        try:
            if self._is_open(text):
                return "unclosed_quote", place
        except csv.Error:
            pass
        try:
            next(csv.reader([text], **{**self._options, "strict": False}))
        except csv.Error:
            return "stray_carriage_return", None  # not strict: text after a quote is allowed, this is not
        return "text_after_quote", place

    def _is_open(self, text: str) -> bool:
        reader = csv.reader((text, self._dialect.quote), **self._options)
        next(reader)
        return reader.line_num == 2

    def _prepared(self, text: str) -> str:
        """The line as RFC 4180 would have it."""
        if self._is_plain:
            return text
        dialect = self._dialect
        if dialect.wraps_lines:
            text = unwrapped(text)
        if self._long:
            text = divided(text, self._long)
        if dialect.escape and dialect.escape + dialect.quote in text:
            text = unescaped(text, dialect)
        if dialect.is_padded and self._padded_end is not None:
            text = self._padded_end.sub(dialect.quote, text)
        return text


def _stripped(cells: list[str]) -> list[str]:
    return [cell.strip(" \t") for cell in cells]


PLAIN = LineFormat()
"""Commas, quotes and UTF-8."""
