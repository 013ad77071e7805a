"""The header of a converted file, and how its rows are read; `importer.files.openings` does it for a text."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from itertools import islice

from importer.files.conversion.inspection import LINES_LOOKED_AT, table_in
from importer.files.conversion.lines import Line
from importer.files.csv_reader import Position, Record
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
from importer.files.footers import Footer, footer_of
from importer.files.json_lines import JsonLinesReader
from importer.files.line_formats import PLAIN
from importer.files.openings import Opening, first_position, refuse_foreign
from importer.files.problems import Limits
from importer.files.profile import Profile
from importer.files.proposal import propose
from importer.files.questions import Answers
from importer.files.refusals import refusal
from importer.files.samples import PIECE_BYTES, Sample, from_line_end
from importer.files.tables import FIRST_ROWS, Located, refuse_too_wide

HEAD_BYTES = 1024 * 1024
"""So much of the lines is looked at before their rows are dispatched; the header must fit."""


def describe_lines(sample: Sample, fields: Sequence[Field], limits: Limits, answers: Answers) -> Described:
    """Describe a converted file by its first lines and its last ones.

    Args:
        sample: of the lines, as `sample_of_lines` takes it.

    Raises:
        RefusedFileError: there is no row, or its header has NULs as no text has.
    """
    records = list(islice(_reader(sample.head, limits), LINES_LOOKED_AT))
    lines = [Line(row.line_number, row.cells, row.problem and row.problem.code) for row in records]
    located = [_located(record) for record in records]
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
    footer, end = _footer(sample, rows, table.width, limits) if sample.pieces and lines[0].place else (None, None)
    said = footer_as_said(footer, answers)
    return Described(
        profile,
        {"header": table.evidence},
        list(about_what_is_left_out(footer, said)),
        [*about_header(table, located), *about_footer(footer, said, is_all=True)],
        names,
        rows if footer is None or said == ROWS else [row for row in rows if row.line < footer.line],
        located[:FIRST_ROWS],
        footer,
        None if said == ROWS else end,
    )


def sample_of_lines(read: Callable[[int, int], bytes], size: int) -> Sample:
    """Take a sample of a converted file: its first whole lines, and its last ones where these are not all.

    Args:
        read: gives so many bytes from an offset on: `read(offset, count)`.
        size: of all lines, in bytes.
    """
    head = read(0, HEAD_BYTES)
    head = head[: head.rfind(b"\n") + 1]
    place = max(size - PIECE_BYTES, 0)
    last = head[place:] if len(head) == size else read(place, PIECE_BYTES)
    return Sample(head, size, (from_line_end(last) if place else last,))


def sample_of_all(lines: bytes) -> Sample:
    """The same of lines that are all at hand."""
    return sample_of_lines(lambda offset, count: lines[offset : offset + count], len(lines))


def _footer(
    sample: Sample, first: Sequence[Located], width: int, limits: Limits
) -> tuple[Footer | None, int | None]:
    """What stands below the rows, and how many bytes come before it: JSON alone has nothing below its objects.

    Args:
        first: rows; where they are not all, the last lines tell.
    """
    last = sample.head if sample.is_whole and len(first) < LINES_LOOKED_AT else sample.pieces[-1]
    begin, reader = sample.size - len(last), _reader(last, limits)
    rows, ends = [], [begin]
    for record, fitted in zip(reader, _reader(last, limits, width), strict=True):
        is_short = len(record.cells) == 1 and fitted.problem is None  # a sheet leaves out empty cells
        rows.append(_located(fitted if is_short else record))
        ends.append(begin + reader.position.offset)
    footer = footer_of([row for row in rows if row.line >= first[0].line], width)
    if footer is None:
        return None, None
    return footer, next(end for end, row in zip(ends, rows, strict=False) if row.line >= footer.line)


def _located(record: Record) -> Located:
    return Located(record.line_number, record.cells)


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
    line_format = PLAIN.with_header(described.header) if described.profile.header_line else PLAIN
    return Opening(proposal, described.header, first_position(position), line_format, described.end)


def _reader(head: bytes, limits: Limits, width: int | None = None) -> JsonLinesReader:
    return JsonLinesReader(
        io.BytesIO(head),
        Position(row_number=-1),
        width=width,
        max_record_bytes=limits.max_record_bytes,
        max_cell_chars=limits.max_cell_chars,
    )
