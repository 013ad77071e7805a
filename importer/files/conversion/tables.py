"""The tables in a file, of which a person may have to choose one, and their conversion into lines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import chain, islice
from typing import BinaryIO, NamedTuple

from importer.files.conversion import html_tables
from importer.files.conversion.inflation import Budget
from importer.files.conversion.json_objects import json_lines_of
from importer.files.conversion.json_values import (
    JsonText,
    names_of_lists,
    values_of_lines,
    values_of_list,
    values_of_list_named,
)
from importer.files.conversion.lines import ConversionLimits, Findings, Line
from importer.files.conversion.sheets import SHEETS, Table
from importer.files.conversion.sources import Source, sources_in
from importer.files.conversion.transcoding import chunks_of, text_lines_of
from importer.files.detection import Described, describe
from importer.files.encodings import encoding_of
from importer.files.kinds import TEXT
from importer.files.problems import BYTES_PER_KEPT_CHAR
from importer.files.profile import Profile
from importer.files.questions import Answers
from importer.files.refusals import refusal
from importer.files.samples import HEAD_BYTES, Sample
from importer.files.text_lines import pieces_of_text

FIRST_ROWS = 5
"""Of each table, for whoever has to choose."""

SHOWN_CHARS = 60
NAMES_SHOWN = 20

ARCHIVE_SEPARATOR = "/"
"""Between the name of a workbook in an archive and that of its sheet."""


class TableChoice(NamedTuple):
    """A table that may be imported.

    Attributes:
        name: of the sheet or member; empty where the file holds just one table.
        rows: how many, None where that is not known without reading them all.
        first_rows: the first rows with any value, cut; none where the sheet has no content.
    """

    name: str
    rows: int | None
    is_hidden: bool
    first_rows: list[list[str]]


def tables_of(file: BinaryIO, kind: str, limits: ConversionLimits | None = None) -> list[TableChoice]:
    """The tables of a file, with their first rows.

    Args:
        file: seekable, on a disk.
        kind: as `importer.files.kinds.kind_of` tells it.

    Raises:
        RefusedFileError: it is damaged, protected, or holds no table.
    """
    with opened_tables(file, kind, limits or ConversionLimits(), None) as tables:
        return [_choice(table) for table in tables]


def choices_in(file: BinaryIO, kind: str, limits: ConversionLimits, said: object) -> list[TableChoice]:
    """As `tables_of`; without first rows where there is nothing to choose.

    Args:
        said: the name that a person has chosen; None: none yet.
    """
    with opened_tables(file, kind, limits, None) as tables:
        is_open = len(tables) > 1 and all(table.name != said for table in tables)
        return [_choice(one) if is_open else TableChoice(one.name, None, one.is_hidden, []) for one in tables]


def convert(
    file: BinaryIO,
    kind: str,
    *,
    table: str | None,
    limits: ConversionLimits,
    findings: Findings,
    profile: Profile | None = None,
) -> Iterator[Line]:
    """The records of one table: a function of the file's bytes and of these arguments.

    Args:
        file: seekable, on a disk.
        kind: as `importer.files.kinds.kind_of` tells it.
        table: its name; None: the first visible one with content.
        findings: what is to be told is counted here while lines are taken.
        profile: how a text is written; None: as its bytes tell.

    Raises:
        RefusedFileError: the file cannot be converted, which may turn out after many lines.
    """
    size = file.seek(0, os.SEEK_END)
    with opened_tables(file, kind, limits, profile) as tables:
        chosen = _default(tables) if table is None else _named(tables, table)
        hidden = [other.name for other in tables if other.is_hidden and other is not chosen]
        if hidden:
            findings.add("hidden_sheets", ", ".join(hidden[:NAMES_SHOWN]), len(hidden))
        findings.kind = chosen.kind
        budget = Budget(size, limits)
        for line in chosen.lines(findings):
            budget.take(sum(map(len, line.cells)))  # few bytes may stand for a long text, again and again
            yield line if line.problem is None else _kept(line, limits)


def _kept(line: Line, limits: ConversionLimits) -> Line:
    """A line that fails, cut to what is kept of such rows, and a little more, so that its reader says so."""
    room, cells = limits.max_record_bytes // BYTES_PER_KEPT_CHAR + 1, []
    for cell in line.cells:
        cells.append(cell[:room])
        room -= len(cells[-1]) + 1
        if room <= 0:
            break
    return line._replace(cells=cells)


def with_content(tables: list[TableChoice]) -> list[TableChoice]:
    """The visible tables with content: where there are several, a person has to choose."""
    return [table for table in tables if table.first_rows and not table.is_hidden]


def described_text(
    file: BinaryIO,
    kind: str,
    limits: ConversionLimits,
    known: frozenset[str] = frozenset(),
    answers: Answers | None = None,
) -> Described | None:
    """How the text in a file is written; None where it holds none, or several files.

    Args:
        known: names that a header may have, normalised.
        answers: what a person has said of it.
    """
    with sources_in(file, kind, limits) as sources:
        if len(sources) != 1 or sources[0].kind != TEXT:
            return None
        return describe(_sample(sources[0]), known, answers)


@contextmanager
def opened_tables(
    file: BinaryIO, kind: str, limits: ConversionLimits, profile: Profile | None
) -> Iterator[list[Table]]:
    """The tables of a file, which can be read while it is open."""
    with sources_in(file, kind, limits) as sources, ExitStack() as stack:
        yield [table for source in sources for table in _tables_in(source, limits, profile, stack)]


def _tables_in(source: Source, limits: ConversionLimits, profile: Profile | None, stack: ExitStack) -> list[Table]:
    """The tables of a file; what is opened for them is closed by the stack."""
    if source.kind in SHEETS:
        begin = f"{source.name}{ARCHIVE_SEPARATOR}" if source.name else ""
        sheets = SHEETS[source.kind](source, limits, stack)
        return [sheet._replace(name=begin + sheet.name) for sheet in sheets]
    if source.kind == "json_object":
        with source.open() as text:
            names = names_of_lists(JsonText(_pieces(source, text)))
        begin = f"{source.name}{ARCHIVE_SEPARATOR}" if source.name else ""
        return [Table(begin + name, False, partial(_json, source, limits, name), source.kind) for name in names]
    if source.kind in ("json", "json_lines"):
        return [Table(source.name, False, partial(_json, source, limits, None), source.kind)]
    if source.kind == "html":
        return [Table(source.name, False, lambda findings: _html(source, limits, findings), source.kind)]
    if source.kind == TEXT:
        return [Table(source.name, False, partial(_text, source, limits, profile), TEXT)]
    raise refusal(source.kind)


def _choice(table: Table) -> TableChoice:
    rows = [[cell[:SHOWN_CHARS] for cell in line.cells] for line in islice(table.lines(Findings()), FIRST_ROWS)]
    return TableChoice(table.name, None, table.is_hidden, rows)


def _default(tables: list[Table]) -> Table:
    if len(tables) == 1:
        return tables[0]
    for table in tables:
        if not table.is_hidden and next(table.lines(Findings()), None) is not None:
            return table
    raise refusal("no_table", found="only empty or hidden sheets" if tables else "no sheet")


def _named(tables: list[Table], name: str) -> Table:
    for table in tables:
        if table.name == name:
            return table
    found = ", ".join(table.name for table in tables[:NAMES_SHOWN])
    raise refusal("unknown_table", table=repr(name)[:SHOWN_CHARS], found=found)


def _sample(source: Source) -> Sample:
    """Of what is packed only the beginning, for its end is far."""
    with source.open() as text:
        head = text.read(HEAD_BYTES)
        return Sample(head, len(head) + len(text.read(1)))


def _text(source: Source, limits: ConversionLimits, profile: Profile | None, findings: Findings) -> Iterator[Line]:
    written = profile or describe(_sample(source)).profile
    with source.open() as text:
        yield from text_lines_of(text, written, limits, findings)


def _json(source: Source, limits: ConversionLimits, name: str | None, findings: Findings) -> Iterator[Line]:
    """The lines of JSON; of the list of this name, where there are lists in an object."""
    with source.open() as stream:
        text = JsonText(_pieces(source, stream))
        if name is not None:
            values = values_of_list_named(text, name)
        else:
            values = values_of_list(text) if source.kind == "json" else values_of_lines(text)
        yield from json_lines_of(values, limits=limits, findings=findings)


def _html(source: Source, limits: ConversionLimits, findings: Findings) -> Iterator[Line]:
    with source.open() as page:
        table, count = html_tables.largest_table(html_tables.rows_of(_pieces(source, page), limits))
    if count > 1:
        findings.add("other_tables", count=count - 1)
    with source.open() as page:
        rows = html_tables.rows_of(_pieces(source, page), limits)
        yield from html_tables.table_lines(rows, table, limits, findings)


def _pieces(source: Source, text: BinaryIO) -> Iterator[str]:
    """The text of a page or of JSON, in the encoding that its bytes or the page itself name."""
    head = text.read(HEAD_BYTES)
    encoding = encoding_of([head])
    name = encoding.name
    if source.kind == "html" and not encoding.mark:
        name = html_tables.encoding_named_in(head) or name
    return pieces_of_text(chain([head], chunks_of(text)), name, encoding.mark)
