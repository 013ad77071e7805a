"""The header of a converted file, and how its rows are read; `importer.files.openings` does it for a text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import islice

from importer.files.conversion.inspection import LINES_LOOKED_AT, table_in
from importer.files.conversion.lines import Line
from importer.files.csv_reader import Position
from importer.files.detection import (
    ROWS,
    Described,
    about_footer,
    about_header,
    about_what_is_left_out,
    footer_as_said,
    letters,
    table_as_said,
)
from importer.files.dialects import Dialect
from importer.files.fields import Field
from importer.files.footers import footer_of
from importer.files.json_lines import JsonLinesReader
from importer.files.line_formats import PLAIN
from importer.files.openings import Opening, first_position, refuse_foreign
from importer.files.problems import Limits
from importer.files.profile import Profile
from importer.files.proposal import propose
from importer.files.questions import Answers
from importer.files.refusals import refusal
from importer.files.tables import FIRST_ROWS, Located, refuse_too_wide


def describe_lines(
    head: bytes, fields: Sequence[Field], limits: Limits, answers: Answers, *, is_whole: bool = False
) -> Described:
    """Describe a converted file by its first lines.

    Args:
        head: whole lines.
        is_whole: whether these are all.

    Raises:
        RefusedFileError: there is no row, or its header has NULs as no text has.
    """
    records = list(islice(_reader(head, limits), LINES_LOOKED_AT))
    lines = [Line(row.line_number, row.cells, row.problem and row.problem.code) for row in records]
    located = [Located(line.place, line.cells) for line in lines]
    known = frozenset().union(*(field.names for field in fields))
    table = table_as_said(located, answers) or table_in(lines, known)
    refuse_too_wide(table)
    if table.rows_at >= len(lines):
        raise refusal("no_rows" if lines else "empty")
    rows = located[table.rows_at :]
    profile = Profile("utf-8", 0, "lf", Dialect(), table.header_line, rows[0].line, table.width)
    names = table.header or letters(table.width)
    if any("\0" in name for name in names):
        raise refusal("binary", line=table.header_line)
    width = max([table.width, *(place + 1 for place, name in enumerate(names) if name.strip())])
    names = [*names[:width], *[""] * (width - len(names))]
    is_all = is_whole and len(lines) < LINES_LOOKED_AT and lines[0].place > 0  # JSON has nothing below its objects
    footer = footer_of(rows, table.width) if is_all else None
    said = footer_as_said(footer, answers)
    end = _offset_of(head, footer.line, limits) if footer is not None and said != ROWS else None
    return Described(
        profile,
        {"header": table.evidence},
        list(about_what_is_left_out(footer, said)),
        [*about_header(table, located), *about_footer(footer, said, is_all=True)],
        names,
        rows if footer is None or end is None else [row for row in rows if row.line < footer.line],
        located[:FIRST_ROWS],
        footer,
        end,
    )


def _offset_of(head: bytes, place: int, limits: Limits) -> int:
    """Bytes before the line of this place."""
    reader = _reader(head, limits)
    offset = reader.position.offset
    for record in reader:
        if record.line_number >= place:
            break
        offset = reader.position.offset
    return offset


def open_lines(
    head: bytes, described: Described, fields: Sequence[Field], answers: Answers, limits: Limits
) -> Opening:
    """Say what the columns of a converted file fill, and where its rows begin.

    Raises:
        RefusedFileError: no column is known, or a required one is missing, and no answer can give it.
    """
    proposal = propose(described, fields, answers)
    if proposal.missing:
        refuse_foreign(proposal, fields)
    reader = _reader(head, limits)
    position = reader.position
    for record in reader:
        if record.line_number == described.profile.rows_line and record.cells == described.rows[0].cells:
            break
        position = reader.position
    return Opening(proposal, described.header, first_position(position), PLAIN, described.end)


def _reader(head: bytes, limits: Limits) -> JsonLinesReader:
    return JsonLinesReader(
        io.BytesIO(head),
        Position(row_number=-1),
        width=None,
        max_record_bytes=limits.max_record_bytes,
        max_cell_chars=limits.max_cell_chars,
    )
