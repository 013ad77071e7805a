"""The cells of a line that is no sound record: quotes are where none should be, or another delimiter divides it.

Such a line fails in an upload. Its cells are shown, so that it can be mended, and printed by the command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from importer.files.cell_looks import QUOTES
from importer.files.delimiters import DELIMITERS
from importer.files.dialects import TELLING_WIDTH, Dialect
from importer.files.wrapped_lines import is_wrapped, unwrapped

OTHERS = tuple(DELIMITERS)[:4]
"""Delimiters that one line may have where the others have another one."""


def cells_at_best(text: str, dialect: Dialect, width: int | None) -> list[str]:
    """The cells of a line, given without its end: of several readings the first that gives as many as wanted.

    Where none does, quotes count where they stand around a whole cell.
    """
    if width is not None and dialect.delimiter:
        cells = (
            _exactly(width, _wide_cells(text, dialect))
            or _exactly(width, _sound_cells(text, dialect))
            or cells_otherwise(text, dialect, width)
        )
        if cells:
            return cells
    return list(_sound_cells(text, dialect))


def place_of_fault(text: str, dialect: Dialect) -> int | None:
    """Which of a line's cells, from 0, begins with a quote and does not end with it as it should."""
    if not dialect.quote:
        return None
    cells = enumerate(_sound_cells(text, dialect))
    return next((place for place, cell in cells if cell.startswith(dialect.quote)), None)


def cells_otherwise(text: str, dialect: Dialect, width: int) -> list[str] | None:
    """So many cells, if the line has them with another delimiter or another quote than the other lines, or within
    quotes around all of it.
    """
    if not dialect.delimiter or width < TELLING_WIDTH:
        return None
    others = [dialect._replace(quote=quote) for quote in QUOTES if quote in text]
    others += [dialect._replace(delimiter=sign) for sign in OTHERS if text.count(sign) >= width - 1]
    readings = [_sound_cells(unwrapped(text), dialect)] if is_wrapped(text) else []
    readings += [_sound_cells(text, other) for other in others if other != dialect]
    return next(filter(None, (_exactly(width, cells) for cells in readings)), None)


def _exactly(width: int, cells: Iterator[str]) -> list[str] | None:
    """The cells, if there are so many of them; no more than one beyond is looked at."""
    first = list(islice(cells, width + 1))
    return first if len(first) == width else None


def _sound_cells(text: str, dialect: Dialect) -> Iterator[str]:
    """A quote begins a cell only where the cell is soundly written; else it is a character like any other."""
    if not dialect.delimiter or not dialect.quote:
        yield from text.split(dialect.delimiter) if dialect.delimiter else [text]
        return
    delimiter, quote = re.escape(dialect.delimiter), re.escape(dialect.quote)
    quoted = re.compile(rf"{quote}((?:[^{quote}]|{quote}{quote})*+){quote}[ \t]*(?={delimiter}|$)")
    place = 0
    while place <= len(text):
        found = quoted.match(text, place)
        end = found.end() if found else _next(text, dialect.delimiter, place)
        yield found[1].replace(dialect.quote * 2, dialect.quote) if found else text[place:end]
        place = end + len(dialect.delimiter)


def _wide_cells(text: str, dialect: Dialect) -> Iterator[str]:
    """A quote that begins a cell ends it only before a delimiter or the end; others in it are characters.

    There are no more cells where one is never closed.
    """
    delimiter, quote = dialect.delimiter, dialect.quote
    place = 0 if quote else len(text) + 1
    while place <= len(text):
        is_quoted = text.startswith(quote, place)
        begin = place + len(quote) * is_quoted
        end = _next(text, quote + delimiter if is_quoted else delimiter, begin)
        if is_quoted and end == len(text):
            if not text.endswith(quote, begin):
                return
            end -= len(quote)
        yield text[begin:end].replace(quote * 2, quote) if is_quoted else text[begin:end]
        place = end + len(quote) * is_quoted + len(delimiter)


def _next(text: str, wanted: str, place: int) -> int:
    """Where it stands next; the end of the text where it does not."""
    found = text.find(wanted, place)
    return len(text) if found < 0 else found
