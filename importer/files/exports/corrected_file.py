"""Reads a file of failed rows that comes back corrected, in any format that imports take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import BinaryIO, NamedTuple

from importer.errors import RefusedFileError
from importer.files.conversion.lines import ConversionLimits, Findings, Line
from importer.files.conversion.sheets import Table
from importer.files.conversion.tables import opened_tables
from importer.files.detection import describe
from importer.files.exports.columns import Layout, layout_of, own_names
from importer.files.kinds import TEXT, kind_of
from importer.files.names import normalised
from importer.files.profile import Profile
from importer.files.refusals import refusal
from importer.files.row_numbers import LARGEST_ROW
from importer.files.samples import HEAD_BYTES, take

FIRST_LINES = 20
"""Among so many lines the one with the names is looked for: people put titles above their tables."""


class FileRow(NamedTuple):
    """A row of a file that came back.

    Attributes:
        line: of the file, or row of its sheet, from 1.
        row_number: of the import's file; 0 where the line says none.
        attempt: how often the row had been tried, or was to be tried as it stands; 0 where the line says nothing.
        import_id: of the import that it belongs to.
        cells: texts as they stand in the file, one for each column of the import's file.
        surplus: texts of cells that the header has no name for.
    """

    line: int
    row_number: int
    attempt: int
    import_id: str
    cells: list[str]
    surplus: list[str]


def rows_of(file: BinaryIO, header: Sequence[str], limits: ConversionLimits) -> Iterator[FileRow]:
    """The rows of a file, sheet after sheet.

    Args:
        file: seekable, on a disk.
        header: of the import's file.

    Raises:
        RefusedFileError: it cannot be read, or is no such file; that may turn out after many rows.
    """
    file.seek(0)
    kind = kind_of(file.read(HEAD_BYTES))
    profile = _profile(file, header) if kind == TEXT else None
    refused: RefusedFileError | None = None
    found = 0
    with opened_tables(file, kind, limits, profile) as tables:
        for table in tables:
            try:
                layout, lines = _opened(table, header)
            except RefusedFileError as error:
                refused = refused or error
                continue
            found += 1
            yield from (_row(line, layout) for line in lines if any(map(str.strip, line.cells)))
    if not found:
        raise refused or refusal("empty")


def _profile(file: BinaryIO, header: Sequence[str]) -> Profile:
    def read(offset: int, count: int) -> bytes:
        file.seek(offset)
        return file.read(count)

    known = frozenset(map(normalised, (*header, *own_names(header).values()))) - {""}
    return describe(take(read, file.seek(0, 2)), known).profile


def _opened(table: Table, header: Sequence[str]) -> tuple[Layout, Iterator[Line]]:
    """Where the columns of a table are, and the lines below their names."""
    lines = table.lines(Findings())
    first = [line for line in islice(lines, FIRST_LINES) if any(map(str.strip, line.cells))]
    if not first:
        raise refusal("empty")
    wanted = set(map(normalised, own_names(header).values()))
    hits = [len(wanted.intersection(map(normalised, line.cells))) for line in first]
    place = hits.index(max(hits))
    return layout_of(first[place].cells, header), chain(first[place + 1 :], lines)


def _row(line: Line, layout: Layout) -> FileRow:
    def at(place: int | None) -> str:
        return line.cells[place] if place is not None and place < len(line.cells) else ""

    own = {name: at(place).strip() for name, place in layout.own.items()}
    return FileRow(
        line.place,
        0 if line.problem else _number(own["row"]),
        _number(own["attempt"]),
        own["import"],
        [at(place) for place in layout.cells],
        line.cells[layout.width :],
    )


def _number(text: str) -> int:
    """A whole number from 1; 0 where the text is none. Spreadsheets may write 7 as 7.0."""
    digits = text.removesuffix(".0")
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 11 else 0
    return number if number <= LARGEST_ROW else 0
