"""The header of a converted file, and how its rows are read; `importer.files.openings` does it for a text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import islice

from importer.files.conversion.inspection import LINES_LOOKED_AT, table_in
from importer.files.conversion.lines import Line
from importer.files.csv_reader import Position
from importer.files.detection import Described, about_header, letters, table_as_said
from importer.files.dialects import Dialect
from importer.files.fields import Field
from importer.files.json_lines import JsonLinesReader
from importer.files.line_formats import PLAIN
from importer.files.openings import Opening, first_position, refuse_foreign
from importer.files.problems import Limits
from importer.files.profile import Profile
from importer.files.proposal import propose
from importer.files.questions import Answers
from importer.files.refusals import refusal
from importer.files.tables import FIRST_ROWS, Located


def describe_lines(head: bytes, fields: Sequence[Field], limits: Limits, answers: Answers) -> Described:
    """Describe a converted file by its first lines.

    Args:
        head: whole lines.

    Raises:
        RefusedFileError: there is no row, or its header has NULs as no text has.
    """
    records = list(islice(_reader(head, limits), LINES_LOOKED_AT))
    lines = [Line(row.line_number, row.cells, row.problem and row.problem.code) for row in records]
    located = [Located(line.place, line.cells) for line in lines]
    known = frozenset().union(*(field.names for field in fields))
    table = table_as_said(located, answers) or table_in(lines, known)
    if table.rows_at >= len(lines):
        raise refusal("no_rows" if lines else "empty")
    rows = located[table.rows_at :]
    profile = Profile("utf-8", 0, "lf", Dialect(), table.header_line, rows[0].line, table.width)
    names = table.header or letters(table.width)
    if any("\0" in name for name in names):
        raise refusal("binary", line=table.header_line)
    width = max([table.width, *(place + 1 for place, name in enumerate(names) if name.strip())])
    names = [*names[:width], *[""] * (width - len(names))]
    asked = list(about_header(table, located))
    return Described(profile, {"header": table.evidence}, [], asked, names, rows, located[:FIRST_ROWS])


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
    return Opening(proposal, described.header, first_position(position), PLAIN)


def _reader(head: bytes, limits: Limits) -> JsonLinesReader:
    return JsonLinesReader(
        io.BytesIO(head),
        Position(row_number=-1),
        width=None,
        max_record_bytes=limits.max_record_bytes,
        max_cell_chars=limits.max_cell_chars,
    )
