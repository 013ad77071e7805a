"""Which table of a file is meant, and where its header is among the lines that it is converted into."""

from __future__ import annotations

from importer.files.conversion.lines import Line
from importer.files.conversion.tables import TableChoice, with_content
from importer.files.questions import Choice, Question
from importer.files.tables import Located, Table, table_of

SHEET = "sheet"
"""The question which sheet, or which member of an archive, is the table."""

LINES_LOOKED_AT = 2000


def question_of_tables(tables: list[TableChoice]) -> Question | None:
    """Which table is meant, where there are several with content; None where there is no choice.

    The answers are the tables' names, each with its first row; hidden ones with content come last.
    """
    full = with_content(tables)
    if len(full) < 2:
        return None
    hidden = [table for table in tables if table.is_hidden and table.first_rows]
    choices = [Choice(table.name, table.name, tuple(table.first_rows[0])) for table in full + hidden]
    return Question(SHEET, SHEET, "Which table is to be imported?", tuple(choices), full[0].name)


def table_in(lines: list[Line], known: frozenset[str] = frozenset()) -> Table:
    """Where the header and the first row are among the first lines; JSON names its columns itself.

    Args:
        known: names that a header may have, normalised.
    """
    if lines and lines[0].place == 0:
        width = len(lines[0].cells)
        return Table(lines[0].cells, 0, 1, width, "the names of the first objects are the header")
    widest = max((len(line.cells) for line in lines if line.problem is None), default=0)
    filled = [line.cells + [""] * (widest - len(line.cells)) for line in lines]
    return table_of([Located(line.place, cells) for line, cells in zip(lines, filled, strict=True)], known)
