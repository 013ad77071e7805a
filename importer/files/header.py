"""Reads the header of a file, matches its columns to a record type's, and refuses files that are no CSV."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from importer.errors import RefusedFileError
from importer.files.csv_reader import Position, Record, RecordReader
from importer.files.problems import CUT, Problem

REFUSALS: dict[str, str] = {
    "empty": "The file is empty, or has only blank lines where its header should be. Upload a CSV file with a"
    " header and at least one row.",
    "no_rows": "The file has a header and no rows. Upload a file with at least one row below the header.",
    "gzip": "The file is compressed with gzip. Unpack it, and upload the CSV file that is in it.",
    "zip": "The file is a ZIP archive. Unpack it, and upload the CSV file that is in it.",
    "archive": "The file is a compressed archive. Unpack it, and upload the CSV file that is in it.",
    "xlsx": "The file is an Excel workbook. Save the sheet as “CSV UTF-8”, and upload that file.",
    "ods": "The file is an OpenDocument spreadsheet. Save the sheet as CSV in UTF-8, and upload that file.",
    "xls": "The file is an old Excel workbook or Office document. Save the sheet as “CSV UTF-8”, and upload that"
    " file.",
    "pdf": "The file is a PDF. Upload the table itself, saved as “CSV UTF-8”.",
    "utf16": "The file is in UTF-16, which spreadsheets call “Unicode text”. Save it as “CSV UTF-8”.",
    "binary": "The file is not text: line {line} contains NUL characters. Save the table as “CSV UTF-8”.",
    "not_utf8": "The header (line {line}) is not UTF-8. Save the file as “CSV UTF-8”.",
    "carriage_returns": "The file's lines end as those of old Macs do, in a carriage return alone. Save it with"
    " Windows (CRLF) or Unix (LF) line ends.",
    "header_too_long": "The header (line {line}) is too long. Look whether the file is a CSV file with a line end"
    " after its header. {problem}",
    "malformed_header": "The header (line {line}) cannot be read. {problem} Then upload the file again.",
    "wrong_separator": "The header (line {line}) names no known column: its cells are separated by {separator}."
    " Save the file separated by commas. The columns known here: {known}.",
    "no_known_column": "The header (line {line}) names no known column. The columns known here: {known}. The file"
    " has: {found}. Choose another record type, or give the file a header.",
    "repeated_column": "The header (line {line}) has the column {name} twice, in cells {first:,} and {second:,}."
    " Remove or rename one of them.",
    "missing_column": "The header (line {line}) lacks the required {missing}. The file has: {found}. Add what is"
    " missing, or rename the column that holds it.",
}
"""Every reason to refuse a file: its code, and what to tell the person who uploaded it."""

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh91AY&SY", "archive"),
    (b"\xfd7zXZ\0", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"Rar!\x1a\x07", "archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    (b"%PDF-", "pdf"),
    (b"\xff\xfe", "utf16"),
    (b"\xfe\xff", "utf16"),
)
"""How files that are no CSV begin."""

ZIP_SIGNATURE = b"PK\x03\x04"
SPREADSHEET_MEMBERS: tuple[tuple[bytes, str], ...] = (
    (b"[Content_Types].xml", "xlsx"),
    (b"xl/workbook", "xlsx"),
    (b"opendocument.spreadsheet", "ods"),
)
"""What the ZIP archive of a spreadsheet contains."""

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "pipes"}

HEADER_PROBLEMS = {
    "invalid_utf8": "not_utf8",
    "nul_character": "binary",
    "stray_carriage_return": "carriage_returns",
    "record_too_long": "header_too_long",
    "cell_too_long": "header_too_long",
}
"""The refusal for each problem of reading; problems that are not here make a malformed header."""

UTF16_SAMPLE = 1024
NAMES_SHOWN = 30
NAME_CHARS_SHOWN = 60


class Column(NamedTuple):
    """A column of a record type.

    Attributes:
        name: what a file's header calls it, give or take case, spaces, underscores and hyphens.
        required: whether a file without it is refused.
        aliases: further names that a file may give it.
    """

    name: str
    required: bool
    aliases: tuple[str, ...] = ()


class Header(NamedTuple):
    """A file's header.

    Attributes:
        columns: for each column of the file, the record type's column that it fills; None: it is ignored.
        names: the header's cells as written.
        position: where the rows begin; its row number is 0.
    """

    columns: list[str | None]
    names: list[str]
    position: Position


def read_header(
    head: bytes, *, is_whole_file: bool, columns: Sequence[Column], max_record_bytes: int, max_cell_chars: int
) -> Header:
    """Read the header, and match the file's columns to the record type's.

    Args:
        head: the file's first bytes; the header must fit into them.
        is_whole_file: whether the file ends with them.
        max_record_bytes: bytes of the header, its line end included.
        max_cell_chars: characters of one of its cells.

    Raises:
        RefusedFileError: the file cannot be imported; its code is one of `REFUSALS`.
    """
    _refuse_other_formats(head)
    reader = RecordReader(
        io.BytesIO(head),
        Position(row_number=-1),
        width=None,
        max_record_bytes=max_record_bytes,
        max_cell_chars=max_cell_chars,
    )
    record = next(iter(reader), None)
    if record is None:
        raise _refusal("empty")
    if record.problem is not None:
        raise _refusal_of(record, record.problem)
    position = reader.position
    if not is_whole_file and position.offset == len(head) and not head.endswith(b"\n"):
        problem = f"It does not end within the first {len(head):,} bytes."
        raise _refusal("header_too_long", line=record.line_number, problem=problem)
    matched = _match(record, columns)
    if is_whole_file and next(iter(reader), None) is None:
        raise _refusal("no_rows")
    return Header(matched, record.cells, position)


def normalised(name: str) -> str:
    """A column's name as it is compared: without case, spaces, underscores and hyphens.

    Compatible characters count as the same (Unicode NFKC): a no-break space is a space.
    """
    return re.sub(r"[\s_\-]+", "", unicodedata.normalize("NFKC", name).casefold())


def _refusal(code: str, **facts: object) -> RefusedFileError:
    return RefusedFileError(code, REFUSALS[code].format(**facts))


def _refuse_other_formats(head: bytes) -> None:
    for signature, code in SIGNATURES:
        if head.startswith(signature):
            raise _refusal(code)
    if head.startswith(ZIP_SIGNATURE):
        raise _refusal(next((code for mark, code in SPREADSHEET_MEMBERS if mark in head), "zip"))
    if _looks_like_utf16(head[:UTF16_SAMPLE]):
        raise _refusal("utf16")


def _looks_like_utf16(sample: bytes) -> bool:
    """Whether nearly every other byte is NUL, as in UTF-16 of mostly Latin text without a byte order mark."""
    halves = sample[::2], sample[1::2]
    shares = sorted(half.count(0) / max(len(half), 1) for half in halves)
    return shares[0] < 0.1 and shares[1] > 0.5


def _refusal_of(record: Record, problem: Problem) -> RefusedFileError:
    code = HEADER_PROBLEMS.get(problem.code, "malformed_header")
    if code == "header_too_long" and "\r" in record.cells[0]:
        code = "carriage_returns"
    return _refusal(code, line=record.line_number, problem=problem.message.removesuffix(CUT))


def _match(record: Record, columns: Sequence[Column]) -> list[str | None]:
    names, line = record.cells, record.line_number
    wanted = {normalised(alias): column.name for column in columns for alias in column.aliases}
    wanted |= {normalised(column.name): column.name for column in columns}
    matched = [wanted.get(normalised(name)) for name in names]
    if not any(matched):
        raise _no_known_column(names, line, columns)
    _refuse_repeated(names, matched, line)
    missing = [column.name for column in columns if column.required and column.name not in matched]
    if missing:
        kind = "column" if len(missing) == 1 else "columns"
        raise _refusal("missing_column", line=line, missing=f"{kind} {_listed(missing)}", found=_listed(names))
    return matched


def _no_known_column(names: Sequence[str], line: int, columns: Sequence[Column]) -> RefusedFileError:
    known = _listed([column.name for column in columns])
    text = "".join(names)
    likeliest = max(SEPARATORS, key=text.count)
    if text.count(likeliest) > len(names) - 1:
        return _refusal("wrong_separator", line=line, separator=SEPARATORS[likeliest], known=known)
    return _refusal("no_known_column", line=line, known=known, found=_listed(names))


def _refuse_repeated(names: Sequence[str], matched: Sequence[str | None], line: int) -> None:
    """A column must not come twice, under one name or two. Blank names are no columns, so they may be repeated."""
    seen: dict[str, int] = {}
    for cell, (name, column) in enumerate(zip(names, matched, strict=True), start=1):
        key = normalised(column or name)
        if key and key in seen:
            raise _refusal("repeated_column", line=line, name=_shown(name), first=seen[key], second=cell)
        seen[key] = cell


def _listed(names: Sequence[str]) -> str:
    written = [name for name in names if name.strip()]
    shown = ", ".join(_shown(name) for name in written[:NAMES_SHOWN]) or "no names"
    left_out = len(written) - NAMES_SHOWN
    return f"{shown} and {left_out:,} more" if left_out > 0 else shown


def _shown(name: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in name)
    words = " ".join(printable.split())
    return words if len(words) <= NAME_CHARS_SHOWN else words[: NAME_CHARS_SHOWN - 1] + "…"
