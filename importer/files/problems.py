"""Why a row cannot even be validated: the codes, their messages, and the limits that they name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from importer.files.dialects import TELLING_WIDTH

PROBLEMS: dict[str, str] = {
    "too_few_cells": "The row has one cell, the header {width:,}: it looks like a title, a total, a remark, or the"
    " rest of a row that a line end broke. Remove it, or mend the row.",
    "too_many_cells": "The row has {found:,} cells, the header {width:,}. Remove the extra cells, or put quotes"
    " around cells that contain commas.",
    "repeated_header": "The row repeats the header, as it does where files were joined. There is nothing to import"
    " in it; remove it.",
    "written_otherwise": "The row has {found:,} cells as it stands. Read with another delimiter or other quotes"
    " than the other rows it has {width:,}, as the header. Write it as they are written.",
    "invalid_utf8": "Cell {cell:,} is not valid UTF-8. Save the file as CSV UTF-8, or type the cell anew.",
    "nul_character": "Cell {cell:,} contains a NUL character. Remove it.",
    "cell_too_long": "Cell {cell:,} is longer than {max_cell_chars:,} characters, the limit here. Shorten it.",
    "record_too_long": "The row is longer than {max_record_bytes:,} bytes, the limit here. Shorten it.",
    "text_after_quote": 'Text follows a closing quote. Write each quote inside a quoted cell twice (""), or remove'
    " the text.",
    "unclosed_quote": "A quote that opens in this line is not closed: the file ends first, or the row grows longer"
    " than {max_record_bytes:,} bytes, or the next quote has text after it. Close it, and write each quote inside"
    ' a quoted cell twice ("").',
    "quote_swallows_rows": "A quote that opens in this line closes only in line {last_line:,}, and the lines"
    ' between look like rows. Close it, or write each quote inside a quoted cell twice ("").',
    "not_an_object": 'The line is no JSON object with names and values, such as {{"name": "value"}}. Mend it, or'
    " remove it.",
    "stray_carriage_return": "A carriage return stands between characters of an unquoted cell. Put quotes around"
    " the cell, or remove it.",
}
"""Every problem: its code, and what is wrong and what to do."""

CUT = " Only the beginning of the row is kept here."

BYTES_PER_KEPT_CHAR = 8
"""A failing row keeps max_record_bytes / 8 characters; a separator counts as one. In JSON a character takes up to
6 bytes and a separator 4, so what is kept is never larger than the largest record."""

ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
"""What `surrogateescape` makes of a byte that is not UTF-8; decoded UTF-8 never contains it."""


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


@dataclass(frozen=True)
class Limits:
    """What a row must keep to.

    Attributes:
        width: cells that it must have; None: any number.
        max_record_bytes: bytes, its line end included.
        max_cell_chars: characters of one cell.
    """

    width: int | None
    max_record_bytes: int
    max_cell_chars: int

    def problem_in(self, cells: list[str]) -> Problem | None:
        """The first thing that is wrong with what is in a row's cells."""
        for column, cell in enumerate(cells):
            if ESCAPED_BYTE.search(cell):
                return self.problem("invalid_utf8", column)
            if "\0" in cell:
                return self.problem("nul_character", column)
            if len(cell) > self.max_cell_chars:
                return self.problem("cell_too_long", column)
        return None

    def problem_of_count(self, cells: list[str]) -> Problem | None:
        """What is wrong with the number of a row's cells.

        Missing cells at its end are empty ones, and cells too many are none where they hold nothing. But a single
        cell where the header has several is hardly a row.
        """
        if self.width is None:
            return None
        if any(map(str.strip, cells[self.width :])):
            return self.problem("too_many_cells", found=len(cells))
        if len(cells) == 1 and self.width >= TELLING_WIDTH:
            return self.problem("too_few_cells", found=1)
        return None

    def problem(self, code: str, column: int | None = None, *, found: int = 0, last_line: int = 0) -> Problem:
        """The problem with this code; its message names these limits."""
        message = PROBLEMS[code].format(
            found=found,
            last_line=last_line,
            width=self.width,
            cell=0 if column is None else column + 1,
            max_cell_chars=self.max_cell_chars,
            max_record_bytes=self.max_record_bytes,
        )
        return Problem(code, message, column)

    def keep(self, cells: list[str], problem: Problem) -> tuple[list[str], Problem]:
        """The cells of a failing row, cut where they are too long to keep; the problem then says so."""
        kept, room = [], self.max_record_bytes // BYTES_PER_KEPT_CHAR
        for cell in cells:
            if room <= 0:
                break
            kept.append(cell[:room])
            room -= len(cell) + 1
        return kept, problem if kept == cells else problem._replace(message=problem.message + CUT)
