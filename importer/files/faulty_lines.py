"""The cells of a line that is no sound record: quotes are where none should be, or another delimiter divides it.

Such a line fails in an upload. Its cells are shown, so that it can be mended, and printed by the command.
"""

from __future__ import annotations

import re

from importer.files.dialects import DELIMITERS, QUOTES, Dialect

LEAST_WIDTH = 3
"""Fewer cells are found in any line by some delimiter or other."""

OTHERS = tuple(DELIMITERS)[:4]
"""Delimiters that one line may have where the others have another one."""


def cells_at_best(text: str, dialect: Dialect, width: int | None) -> list[str]:
    """The cells of a line, given without its end: of several readings the first that gives as many as wanted.

    Where none does, quotes count where they stand around a whole cell.
    """
    plain = _sound_cells(text, dialect)
    if width is None or not dialect.delimiter:
        return plain
    wide = _wide_cells(text, dialect)
    if len(wide) == width:
        return wide
    return plain if len(plain) == width else cells_otherwise(text, dialect, width) or plain


def place_of_fault(text: str, dialect: Dialect) -> int | None:
    """Which of a line's cells, from 0, begins with a quote and does not end with it as it should."""
    cells = _sound_cells(text, dialect) if dialect.quote else []
    return next((place for place, cell in enumerate(cells) if cell.startswith(dialect.quote)), None)


def cells_otherwise(text: str, dialect: Dialect, width: int) -> list[str] | None:
    """So many cells, if the line has them with another delimiter or another quote than the other lines."""
    if not dialect.delimiter or width < LEAST_WIDTH:
        return None
    for quote in QUOTES:
        if quote != dialect.quote and text.count(quote) > 1:
            cells = _sound_cells(text, dialect._replace(quote=quote))
            if len(cells) == width:
                return cells
    for delimiter in OTHERS:
        if delimiter != dialect.delimiter and text.count(delimiter) >= width - 1:
            cells = _sound_cells(text, dialect._replace(delimiter=delimiter))
            if len(cells) == width:
                return cells
    return None


def _sound_cells(text: str, dialect: Dialect) -> list[str]:
    """A quote begins a cell only where the cell is soundly written; else it is a character like any other."""
    if not dialect.delimiter:
        return [text]
    if not dialect.quote:
        return text.split(dialect.delimiter)
    delimiter, quote = re.escape(dialect.delimiter), re.escape(dialect.quote)
    quoted = re.compile(rf"{quote}((?:[^{quote}]|{quote}{quote})*+){quote}[ \t]*(?={delimiter}|$)")
    cells, place = [], 0
    while True:
        found = quoted.match(text, place)
        if found:
            cells.append(found[1].replace(dialect.quote * 2, dialect.quote))
        end = found.end() if found else _next(text, dialect.delimiter, place)
        if not found:
            cells.append(text[place:end])
        if end >= len(text):
            return cells
        place = end + len(dialect.delimiter)


def _wide_cells(text: str, dialect: Dialect) -> list[str]:
    """A quote that begins a cell ends it only before a delimiter or the end; others in it are characters."""
    delimiter, quote = dialect.delimiter, dialect.quote
    cells, place = [], 0
    while quote:
        is_quoted = text.startswith(quote, place)
        end = _next(text, quote + delimiter, place + 1) if is_quoted else _next(text, delimiter, place)
        if is_quoted and end == len(text):
            if not text.endswith(quote) or end - place < 2:
                break  # it is never closed
            end -= 1
        cells.append(text[place + 1 : end].replace(quote * 2, quote) if is_quoted else text[place:end])
        place = end + is_quoted + 1
        if place > len(text):
            return cells
    return []


def _next(text: str, wanted: str, place: int) -> int:
    """Where it stands next; the end of the text where it does not."""
    found = text.find(wanted, place)
    return len(text) if found < 0 else found
