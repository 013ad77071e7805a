"""Reads the header of a file, matches its columns to a record type's, and refuses files that cannot be read."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import NamedTuple

from importer.errors import RefusedFileError
from importer.files.csv_reader import Position, Record, RecordReader
from importer.files.detection import describe
from importer.files.kinds import TEXT, kind_of
from importer.files.line_formats import LineFormat
from importer.files.names import normalised
from importer.files.problems import CUT, Problem
from importer.files.profile import Profile
from importer.files.refusals import refusal
from importer.files.samples import HEAD_BYTES, Sample

HEADER_PROBLEMS = {
    "invalid_utf8": "not_utf8",
    "nul_character": "binary",
    "stray_carriage_return": "carriage_returns",
    "record_too_long": "header_too_long",
    "cell_too_long": "header_too_long",
}
"""The refusal for each problem of reading; problems that are not here make a malformed header."""

NAMES_SHOWN = 30
NAME_CHARS_SHOWN = 60


class Column(NamedTuple):
    """A column of a record type.

    Attributes:
        name: what a file's header calls it, give or take case, spaces, underscores and hyphens.
        required: whether a file without it is refused.
        aliases: further names that a file may give it.
        hints: names that mean it where no column of the file has one of the others.
    """

    name: str
    required: bool
    aliases: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


class Header(NamedTuple):
    """A file's header.

    Attributes:
        columns: for each column of the file, the record type's column that it fills; None: it is ignored.
        names: the header's cells as written.
        position: where the rows begin; its row number is 0.
        line_format: how the lines of the file are written.
    """

    columns: list[str | None]
    names: list[str]
    position: Position
    line_format: LineFormat


def read_header(
    head: bytes,
    *,
    is_whole_file: bool,
    columns: Sequence[Column],
    max_record_bytes: int,
    max_cell_chars: int,
    pieces: Sequence[bytes] = (),
) -> Header:
    """Find out how the file is written, read its header, and match its columns to the record type's.

    Args:
        head: the file's first bytes; the header must fit into them.
        is_whole_file: whether the file ends with them.
        max_record_bytes: bytes of the header, its line end included.
        max_cell_chars: characters of one of its cells.
        pieces: some from further on in the file, which may tell its encoding.

    Raises:
        RefusedFileError: the file cannot be imported; its code is one of `REFUSALS`.
    """
    profile = _profile(head, pieces, columns, is_whole_file=is_whole_file)
    line_format = LineFormat(profile.encoding, profile.dialect)
    reader = RecordReader(
        io.BytesIO(head[profile.mark :]),
        Position(row_number=-1, offset=profile.mark),
        width=None,
        max_record_bytes=max_record_bytes,
        max_cell_chars=max_cell_chars,
        line_format=line_format,
    )
    record = _record_at(reader, profile.header_line)
    position = reader.position._replace(row_number=0)
    if not is_whole_file and position.offset == len(head) and not head.endswith(b"\n"):
        raise _too_long(record, len(head))
    names = _without_blank_end(record.cells, profile.width)
    matched = _match(names, record.line_number, columns)
    if is_whole_file and next(iter(reader), None) is None:
        raise refusal("no_rows")
    return Header(matched, names, position, line_format.with_header(names))


def _profile(head: bytes, pieces: Sequence[bytes], columns: Sequence[Column], *, is_whole_file: bool) -> Profile:
    """How the file is written; refuse one that cannot be read in place."""
    kind = kind_of(head)
    if kind != TEXT:
        raise refusal(kind)
    known = frozenset(
        normalised(name) for column in columns for name in (column.name, *column.aliases, *column.hints)
    )
    described = describe(Sample(head[:HEAD_BYTES], len(head) + (not is_whole_file), tuple(pieces)), known)
    profile = described.profile
    if profile.encoding.startswith(("utf-16", "utf-32")):
        raise refusal("utf16")
    if profile.line_end in ("cr", "mixed"):
        raise refusal("carriage_returns")
    for question in described.questions:
        if question.id == "encoding":
            raise refusal("uncertain_encoding", encodings=" or ".join(question.choices))
    return profile


def _record_at(reader: RecordReader, line: int | None) -> Record:
    """The record that begins on this line, or the first one; refuse a faulty one."""
    record = next((record for record in reader if line is None or record.line_number >= line), None)
    if record is None:
        raise refusal("empty")
    if record.problem is not None:
        raise _refusal_of(record, record.problem)
    return record


def _too_long(record: Record, size: int) -> RefusedFileError:
    problem = f"It does not end within the first {size:,} bytes."
    return refusal("header_too_long", line=record.line_number, problem=problem)


def _without_blank_end(names: list[str], width: int) -> list[str]:
    """The names without blank ones at the end that go beyond the rows: a delimiter there makes no column."""
    end = len(names)
    while end > width and not names[end - 1].strip():
        end -= 1
    return names[:end]


def _refusal_of(record: Record, problem: Problem) -> RefusedFileError:
    code = HEADER_PROBLEMS.get(problem.code, "malformed_header")
    if code == "header_too_long" and "\r" in record.cells[0]:
        code = "carriage_returns"
    return refusal(code, line=record.line_number, problem=problem.message.removesuffix(CUT))


def _match(names: Sequence[str], line: int, columns: Sequence[Column]) -> list[str | None]:
    wanted = {normalised(alias): column.name for column in columns for alias in column.aliases}
    wanted |= {normalised(column.name): column.name for column in columns}
    matched = [wanted.get(normalised(name)) for name in names]
    hinted = {
        normalised(hint): column.name for column in columns if column.name not in matched for hint in column.hints
    }
    matched = [column or hinted.get(normalised(name)) for name, column in zip(names, matched, strict=True)]
    if not any(matched):
        raise _no_known_column(names, line, columns)
    _refuse_repeated(names, matched, line)
    missing = [column.name for column in columns if column.required and column.name not in matched]
    if missing:
        kind = "column" if len(missing) == 1 else "columns"
        raise refusal("missing_column", line=line, missing=f"{kind} {_listed(missing)}", found=_listed(names))
    return matched


def _no_known_column(names: Sequence[str], line: int, columns: Sequence[Column]) -> RefusedFileError:
    known = _listed([column.name for column in columns])
    return refusal("no_known_column", line=line, known=known, found=_listed(names))


def _refuse_repeated(names: Sequence[str], matched: Sequence[str | None], line: int) -> None:
    """A column that is imported must not come twice, under one name or two. Of the others nothing is taken."""
    seen: dict[str, int] = {}
    for cell, (name, column) in enumerate(zip(names, matched, strict=True), start=1):
        if column is not None and column in seen:
            raise refusal("repeated_column", line=line, name=_shown(name), first=seen[column], second=cell)
        if column is not None:
            seen[column] = cell


def _listed(names: Sequence[str]) -> str:
    written = [name for name in names if name.strip()]
    shown = ", ".join(_shown(name) for name in written[:NAMES_SHOWN]) or "no names"
    left_out = len(written) - NAMES_SHOWN
    return f"{shown} and {left_out:,} more" if left_out > 0 else shown


def _shown(name: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in name)
    words = " ".join(printable.split())
    return words if len(words) <= NAME_CHARS_SHOWN else words[: NAME_CHARS_SHOWN - 1] + "…"
