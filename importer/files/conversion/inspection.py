"""A file that has to be converted, as `python -m importer.files` prints it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

from importer.files.conversion.lines import ConversionLimits, Findings, Line
from importer.files.conversion.tables import TableChoice, convert, described_text, tables_of, with_content
from importer.files.detection import Described
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


def inspect_converted(path: Path, kind: str, most: int | None) -> dict[str, Any]:
    """What is printed of a file of a kind that is converted; of so many of its records, or of all.

    Raises:
        RefusedFileError: it cannot be converted.
        OSError: it cannot be opened.
    """
    limits, findings = ConversionLimits(), Findings()
    with path.open("rb") as file:
        question = question_of_tables(tables_of(file, kind, limits))
        described = described_text(file, kind, limits)
        lines = convert(file, kind, table=None, limits=limits, findings=findings)
        wanted = None if most is None else most + LINES_LOOKED_AT
        taken = list(islice(lines, wanted))
    table = table_in(taken[:LINES_LOOKED_AT])
    rows = taken[table.rows_at :][:most]
    faults = [f"line {line.place:,}: {line.problem}" for line in rows if line.problem]
    return {
        "file": str(path),
        "profile": _profile(kind, table, described),
        "evidence": {**(described.evidence if described else {}), "header": table.evidence},
        "warnings": findings.in_words() + faults,
        "questions": _questions(question, described),
        "header": table.header or [],
        "records": [_fitted(line.cells, table.width) for line in rows],
        "mapping": None,
    }


def _questions(question: Question | None, described: Described | None) -> list[dict[str, Any]]:
    asked = [question] if question else []
    return [one.as_json() for one in [*asked, *(described.questions if described else [])]]


def _profile(kind: str, table: Table, described: Described | None) -> dict[str, Any]:
    found = {"container": kind, "format": kind, "header_line": table.header_line, "width": table.width}
    return {**found, **described.profile.as_json()} if described else found


def _fitted(cells: list[str], width: int) -> list[str]:
    end = len(cells)
    while end > width and not cells[end - 1]:
        end -= 1
    return cells[:end] + [""] * (width - len(cells))
