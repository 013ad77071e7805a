"""Where the table lies in a text: what comes before it, its header, and its first row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from importer.files.names import normalised
from importer.files.refusals import refusal

MAX_COLUMNS = 16_384
"""Of a table, as many as Excel's sheets have (its specifications and limits)."""

FIRST_ROWS = 40
"""A header is looked for in so many of the first records."""

MOST_TITLES = 200
"""Where none of these has known names, one that has is looked for in so many."""

FEWEST_NAMES = 2
"""So many known names make a record the header, whatever stands below it."""

NUMBER = re.compile(r"[+-]?[\d.,'\u00a0\u202f ]*\d[\d.,]*(?:[eE][+-]?\d+)?\s?%?").fullmatch
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ].*)?|\d{1,2}:\d{2}(?::\d{2})?.*").fullmatch
ADDRESS = re.compile(r"\S+@\S+\.\w+|(?:https?|ftp)://\S+|www\.\S+").fullmatch
RULER = re.compile(r"[+|:]?[-=_─═]{2,}[-=_─═+|: ]*").fullmatch
"""Of what the lines below a header are drawn in tables of plain text."""

FULL_SHARE = 0.7
"""A header has a name in at least so many of the table's columns that hold something."""


class Located(NamedTuple):
    """A record of the first lines: the physical line where it begins, from 1, and its cells."""

    line: int
    cells: list[str]


class Table(NamedTuple):
    """Where the table is.

    Attributes:
        header: the names of the columns; None where there is no header.
        header_line: physical line where it begins, from 1; None where there is none.
        rows_at: index of the first row among the records.
        width: how many cells most rows have.
        evidence: in words.
        is_sure: False where the header might be a row, or the first row a header.
    """

    header: list[str] | None
    header_line: int | None
    rows_at: int
    width: int
    evidence: str
    is_sure: bool = True


def refuse_too_wide(table: Table) -> None:
    """Refuse a table that has more columns than people make.

    Raises:
        RefusedFileError: it has.
    """
    columns = max(table.width, len(table.header or ()))
    if columns > MAX_COLUMNS:
        raise refusal("too_many_columns", line=table.header_line or 1, columns=columns, most=MAX_COLUMNS)


def table_of(records: Sequence[Located], known: frozenset[str] = frozenset()) -> Table:
    """Where the table lies among these first records, blank ones left out.

    Args:
        known: names that a header may have, normalised; a record that has some is the header.
    """
    if not records:
        return Table(None, None, 0, 0, "there is no record")
    width = _width(records)
    place = _header_place(records, width, known)
    width = _width(records[place:])
    header = records[place]
    before = f"; the {place:,} before it are no part of the table" if place else ""
    is_named = _names_known(header, known) >= FEWEST_NAMES
    if place == 0 and not is_named and _is_row(records, width):
        return Table(
            None, None, 0, width, "the first record has values like those below it: there is no header", False
        )
    end = place + 1
    names = list(header.cells)
    is_known = bool(known & set(map(normalised, names)))
    while not is_known and end < len(records) - 1 and _goes_on(records, end, width):
        names = [
            " ".join(filter(None, map(str.strip, pair))) for pair in zip(names, records[end].cells, strict=False)
        ]
        end += 1
    lines = f"line {header.line:,}" if end == place + 1 else f"lines {header.line:,} to {records[end - 1].line:,}"
    hits, typed = len(known & set(map(normalised, names))), _typed_below(records, place, end, width)
    evidence = f"the header is on {lines}: {_signs(hits, typed, len(names))}{before}"
    return Table(names, header.line, _behind_rulers(records, end), width, evidence, bool(hits or typed))


def _behind_rulers(records: Sequence[Located], place: int) -> int:
    """The place of the first record from this one on that is more than a line drawn below the header."""
    while place < len(records) and _is_ruler(records[place]):
        place += 1
    return place


def _is_ruler(record: Located) -> bool:
    cells = [cell.strip() for cell in record.cells if cell.strip()]
    return bool(cells) and all(map(RULER, cells))


def _signs(hits: int, typed: int, count: int) -> str:
    """By what a header is known, in words."""
    if hits:
        return f"{hits:,} of its {count:,} names are those of fields"
    if typed:
        return f"it has words in {typed:,} of {count:,} columns where the rows have numbers, dates or addresses"
    return "nothing but its place tells it from a row"


def table_said(records: Sequence[Located], header: object) -> Table | None:
    """Where the table lies as a person has said; None where nothing was said, or nothing that there is.

    Args:
        header: the line that holds the names of the columns, as a number or a text, or `none`.
    """
    if not records or header is None:
        return None
    width = _width(records)
    if header == "none":
        return Table(None, None, 0, width, "as a person has said, there is no header")
    for place, record in enumerate(records):
        if str(record.line) == str(header):
            return Table(record.cells, record.line, place + 1, width, f"as a person has said, it is line {header}")
    return None


def _width(records: Sequence[Located]) -> int:
    widths = Counter(len(record.cells) for record in records)
    return max(widths, key=lambda width: (widths[width] * (1 if width > 1 else 0.5), width))


def _header_place(records: Sequence[Located], width: int, known: frozenset[str]) -> int:
    first = records[:FIRST_ROWS]
    for tried in (first, records[:MOST_TITLES]) if known else ():
        hits = [_names_known(record, known) for record in tried]
        if max(hits) >= min(FEWEST_NAMES, width):
            return hits.index(max(hits))
    used = _used_columns(records, width)
    for place, record in enumerate(first):
        filled = [cell for cell in record.cells if cell.strip()]
        is_near = abs(_cells_to(record, width) - width) <= max(1, width // 3)
        if len(filled) >= max(1, FULL_SHARE * used) and is_near:
            return place
        is_half = len(filled) >= max(2, width / 2) and all(kind_of(cell) == "text" for cell in record.cells)
        if is_half and _typed_below(records, place, place + 1, width):
            return place
    return 0


def _names_known(record: Located, known: frozenset[str]) -> int:
    return len(known & set(map(normalised, record.cells)))


def _cells_to(record: Located, width: int) -> int:
    """How many cells a record has; blank ones at its end beyond this width are none."""
    count = len(record.cells)
    while count > width and not record.cells[count - 1].strip():
        count -= 1
    return count


def _used_columns(records: Sequence[Located], width: int) -> int:
    """In how many columns some of the rows of full width hold something; the first record may be the header."""
    rows = [record.cells for record in records[1 : 1 + FIRST_ROWS] if len(record.cells) >= width]
    return sum(any(row[column].strip() for row in rows) for column in range(width)) if rows else width


def kind_of(cell: str) -> str:
    """What a cell looks like: nothing, a number, a date, an address or a text."""
    text = cell.strip()
    if not text:
        return "nothing"
    if DATE(text):
        return "date"
    if NUMBER(text):
        return "number"
    return "address" if ADDRESS(text) else "text"


def column_kinds(records: Sequence[Located], width: int) -> list[str | None]:
    """What most cells of each column look like, None where that is not clear."""
    kinds: list[str | None] = []
    for column in range(width):
        found = Counter(kind_of(record.cells[column]) for record in records if column < len(record.cells))
        del found["nothing"]
        total = sum(found.values())
        kind, count = found.most_common(1)[0] if found else (None, 0)
        kinds.append(kind if total and count >= 0.6 * total else None)
    return kinds


def _is_row(records: Sequence[Located], width: int) -> bool:
    """Whether the first record is a row like the others rather than a header."""
    first, others = records[0], records[1:FIRST_ROWS]
    kinds = list(map(kind_of, first.cells))
    if not others:
        return any(kind in ("date", "address") for kind in kinds) or kinds.count("number") * 2 > len(kinds)
    below = column_kinds(others, width)
    same = sum(kind == other and kind != "text" for kind, other in zip(kinds, below, strict=False))
    other = sum(
        kind == "text" and kind_below not in (None, "text") for kind, kind_below in zip(kinds, below, strict=False)
    )
    names = [normalised(cell) for cell in first.cells if cell.strip()]
    if same > other:
        return True
    return (not same and not other and _repeats(first, others)) or (len(set(names)) < len(names) and same > 0)


def _repeats(first: Located, others: Sequence[Located]) -> bool:
    """Whether cells of the first record come again below it, as values do and names do not."""
    again = sum(
        bool(cell.strip()) and any(column < len(row.cells) and row.cells[column] == cell for row in others)
        for column, cell in enumerate(first.cells)
    )
    return again * 2 > len(first.cells)


def _goes_on(records: Sequence[Located], place: int, width: int) -> bool:
    """Whether the record at `place` is one more line of the header: no number where all rows below have one."""
    below = column_kinds(records[place + 1 : place + 1 + FIRST_ROWS], width)
    kinds = list(map(kind_of, records[place].cells))
    if width < 2 or len(records) - place < 3 or len(kinds) != width:
        return False
    typed = [(kind, other) for kind, other in zip(kinds, below, strict=False) if other not in (None, "text")]
    return (
        bool(typed) and all(kind in ("text", "nothing") for kind, _ in typed) and "text" in [k for k, _ in typed]
    )


def _typed_below(records: Sequence[Located], place: int, end: int, width: int) -> int:
    """In how many columns the header has a text and the rows below it have something else."""
    below = column_kinds(records[end : end + FIRST_ROWS], width)
    kinds = map(kind_of, records[place].cells)
    return sum(kind == "text" and other not in (None, "text") for kind, other in zip(kinds, below, strict=False))
