"""The largest table of a web page; programs write one, and call it .xls."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import NamedTuple

from importer.files.conversion.lines import ConversionLimits, Findings, Line
from importer.files.refusals import refusal
from importer.files.tables import MAX_COLUMNS

LONGEST_TAG = 1024 * 1024
"""Characters of a tag or comment, which is held in memory whole."""

CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{3,20})""", re.I)
BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")
LEFT_OUT = ("script", "style", "title")
DEEPEST = 100
"""Tables within tables; what is nested deeper is no table of ours."""


class Row(NamedTuple):
    """A row of one of the page's tables.

    Attributes:
        table: its number, from 0.
        place: of the row in it, from 1; many a page has all of its rows in one line.
    """

    table: int
    place: int
    cells: list[str]


class OpenTable:
    """A table whose end has not come yet."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.place = 0
        self.cells: list[str] | None = None
        self.text: list[str] | None = None
        self.size = 0
        self.spans = (1, 1)
        self.below: dict[int, int] = {}

    def begin_row(self) -> None:
        self.cells = []
        self.place += 1


class TableParser(HTMLParser):
    """Collects the rows of all tables; a cell that holds a table has the text around it."""

    def __init__(self, limits: ConversionLimits) -> None:
        super().__init__(convert_charrefs=True)
        self._most = limits.max_cell_chars + 1
        self._open: list[OpenTable] = []
        self._count = 0
        self._left_out = 0
        self.rows: list[Row] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table" and len(self._open) < DEEPEST:
            self._open.append(OpenTable(self._count))
            self._count += 1
        elif tag in LEFT_OUT:
            self._left_out += 1
        elif self._open:
            self._start_within(tag, dict(attrs))

    def _start_within(self, tag: str, attributes: dict[str, str | None]) -> None:
        table = self._open[-1]
        if tag == "tr":
            self._end_row(table)
            table.begin_row()
        elif tag in ("td", "th"):
            self._end_cell(table)
            if table.cells is None:
                table.begin_row()
            table.text, table.size = [], 0
            table.spans = _span(attributes.get("colspan")), _span(attributes.get("rowspan"))
        elif tag == "br" and table.text is not None:
            table.text.append("\n")
        elif tag in ("p", "div") and table.text:
            table.text.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("table", *LEFT_OUT):
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in LEFT_OUT:
            self._left_out = max(0, self._left_out - 1)
        elif self._open and tag == "table":
            self._end_row(self._open.pop())
        elif self._open and tag == "tr":
            self._end_row(self._open[-1])
        elif self._open and tag in ("td", "th"):
            self._end_cell(self._open[-1])

    def handle_data(self, data: str) -> None:
        if self._open and not self._left_out:
            table = self._open[-1]
            if table.text is not None and table.size < self._most:
                table.text.append(BLANKS.sub(" ", data))
                table.size += len(data)

    def _end_cell(self, table: OpenTable) -> None:
        if table.text is None or table.cells is None:
            return
        lines = (re.sub(" +", " ", line).strip() for line in "".join(table.text).split("\n"))
        self._pass_spanned(table)
        wide, deep = table.spans
        for column in range(len(table.cells), len(table.cells) + wide):
            if deep > 1:
                table.below[column] = deep
        table.cells += ["\n".join(lines).strip()[: self._most], *[""] * (wide - 1)]
        table.text = None
        if len(table.cells) > MAX_COLUMNS:
            raise refusal("too_many_columns", line=table.place, columns=len(table.cells), most=MAX_COLUMNS)

    def _pass_spanned(self, table: OpenTable) -> None:
        """Leave the cells empty into which one of a row above reaches."""
        assert table.cells is not None
        while table.below.get(len(table.cells), 0) > 0 and len(table.cells) < MAX_COLUMNS:
            table.cells.append("")

    def _end_row(self, table: OpenTable) -> None:
        self._end_cell(table)
        if table.cells is None:
            return
        if any(table.cells):
            self.rows.append(Row(table.number, table.place, table.cells))
        table.below = {column: left - 1 for column, left in table.below.items() if left > 1}
        table.cells = None


def _span(text: str | None) -> int:
    return min(int(text), MAX_COLUMNS) if text and text.isdecimal() and len(text) < 9 and int(text) else 1


def rows_of(pieces: Iterable[str], limits: ConversionLimits) -> Iterator[Row]:
    """The rows of all tables, as they end.

    Raises:
        RefusedFileError: a tag has no end.
    """
    parser = TableParser(limits)
    for piece in pieces:
        parser.feed(piece)
        if len(parser.rawdata) > LONGEST_TAG:
            raise refusal("damaged_html", most=LONGEST_TAG)
        yield from parser.rows
        parser.rows.clear()
    parser.close()
    while parser._open:
        parser.handle_endtag("table")
    yield from parser.rows


def largest_table(rows: Iterable[Row]) -> tuple[int, int]:
    """The number of the table with the most cells in rows of several, and how many tables have rows."""
    sizes: dict[int, int] = {}
    for row in rows:
        sizes[row.table] = sizes.get(row.table, 0) + len(row.cells)
    if not sizes:
        raise refusal("no_table", found="a web page without a table")
    return max(sizes, key=lambda table: (sizes[table], -table)), len(sizes)


def table_lines(rows: Iterable[Row], table: int, limits: ConversionLimits, findings: Findings) -> Iterator[Line]:
    """The rows of one table."""
    for row in rows:
        if row.table == table:
            if any(len(cell) > limits.max_cell_chars for cell in row.cells):
                findings.add("cut_cells", f"row {row.place:,}")
            yield Line(row.place, row.cells)


def encoding_named_in(head: bytes) -> str | None:
    """The encoding that a page names, as Python knows it; None where it names none that there is."""
    found = CHARSET.search(head)
    try:
        return codecs.lookup(found[1].decode()).name if found else None
    except LookupError:
        return None
