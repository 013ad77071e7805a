"""How a file is read from its first row on; files that cannot be read are refused.

What is certain of a file comes from a sample of it (`importer.files.proposal`). Here its header is read once more
as its rows will be, which says where they begin.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, NamedTuple

from importer.errors import NotInPlaceError, RefusedFileError
from importer.files.conversion.preparation import has_to_be_converted
from importer.files.csv_reader import Position, Record, RecordReader
from importer.files.detection import Described, describe
from importer.files.fields import Field
from importer.files.kinds import TEXT, kind_of
from importer.files.line_formats import LineFormat
from importer.files.problems import CUT, Limits, Problem
from importer.files.profile import Profile
from importer.files.proposal import Proposal, propose
from importer.files.questions import Answers
from importer.files.refusals import refusal
from importer.files.samples import HEAD_BYTES, PIECE_BYTES, Sample, from_line_end
from importer.files.unfit_headers import refuse_names_in_one_cell, refuse_unfit_header

HEADER_PROBLEMS = {
    "invalid_utf8": "not_utf8",
    "nul_character": "binary",
    "stray_carriage_return": "carriage_returns",
    "record_too_long": "header_too_long",
    "cell_too_long": "header_too_long",
}
"""The refusal for each problem of reading; problems that are not here make a malformed header."""

FIRST_BYTES = 1024
"""A file of no known columns that has NULs in so many bytes is no text."""

NAMES_SHOWN = 30
NAME_CHARS_SHOWN = 60


class Beginning(NamedTuple):
    """What is looked at of a file.

    Attributes:
        head: its first bytes; its header must fit into them.
        is_whole_file: whether they are all there are.
        pieces: some from further on in the file, which may tell its encoding.
        size: of the file, in bytes, where the last of the pieces ends it; 0: not known yet.
    """

    head: bytes
    is_whole_file: bool
    pieces: tuple[bytes, ...] = ()
    size: int = 0

    @property
    def sample(self) -> Sample:
        """What it is described by."""
        pieces = self.pieces
        if self.is_whole_file and len(self.head) > HEAD_BYTES:
            pieces = (from_line_end(self.head[HEAD_BYTES:][-PIECE_BYTES:]),)
        size = len(self.head) if self.is_whole_file else self.size or len(self.head) + 1
        return Sample(self.head[:HEAD_BYTES], size, pieces)


class Opening(NamedTuple):
    """How a file is read from its first row on.

    Attributes:
        names: of its columns, as the header has them; `A`, `B`, `C` where there is none.
        position: where its rows begin; its row number is 0.
        line_format: how its lines are written.
        end: bytes before what stands below the table; None: the table goes on to the end.
    """

    proposal: Proposal
    names: list[str]
    position: Position
    line_format: LineFormat
    end: int | None = None

    def as_json(self) -> dict[str, Any]:
        """How its lines are written, where they end, and what was noticed of them."""
        optional = {"end": self.end, "warnings": self.proposal.described.warnings}
        return self.line_format.as_json() | {name: value for name, value in optional.items() if value}


def describe_text(beginning: Beginning, fields: Sequence[Field], answers: Answers) -> Described:
    """Describe a text that can be read where it lies.

    Raises:
        NotInPlaceError: it has to be converted first.
        RefusedFileError: it is nothing that can be read.
    """
    kind = kind_of(beginning.head)
    if has_to_be_converted(kind):
        raise NotInPlaceError
    if kind != TEXT:
        raise refusal(kind)
    described = describe(beginning.sample, frozenset().union(*(field.names for field in fields)), answers)
    if has_to_be_converted(kind, described.profile):
        raise NotInPlaceError
    return described


def open_text(
    beginning: Beginning, described: Described, fields: Sequence[Field], answers: Answers, limits: Limits
) -> Opening:
    """Read the header of a text, and say what its columns fill.

    Args:
        limits: of the header.

    Raises:
        RefusedFileError: the file cannot be imported; its code is one of `REFUSALS`.
    """
    profile = described.profile
    line_format = LineFormat(profile.encoding, profile.dialect)
    reader = RecordReader(
        io.BytesIO(beginning.head[profile.mark :]),
        Position(row_number=-1, offset=profile.mark),
        width=None,
        max_record_bytes=limits.max_record_bytes,
        max_cell_chars=limits.max_cell_chars,
        line_format=line_format,
    )
    position = _rows_position(reader, profile, beginning)
    names = without_blank_end(described.header, profile.width)
    if not is_open(described):
        refuse_unfit_header(described, names, frozenset().union(*(field.names for field in fields)))
    proposal = propose(described._replace(header=names), fields, answers)
    if proposal.missing:
        if b"\0" in beginning.head[:FIRST_BYTES]:
            raise refusal("binary", line=beginning.head[: beginning.head.index(b"\0")].count(b"\n") + 1)
        refuse_foreign(proposal, fields)
    if profile.header_line is not None:
        line_format = line_format.with_header(names)
    return Opening(proposal, names, first_position(position), line_format, described.end)


def first_position(position: Position) -> Position:
    """Where the first row begins: nothing before it counts."""
    return position._replace(row_number=0, blank_rows=0, short_rows=0)


def _rows_position(reader: RecordReader, profile: Profile, beginning: Beginning) -> Position:
    """Where the first row begins: behind the header, or at the first record where there is none."""
    if profile.header_line is None:
        position = reader.position
        _record_at(reader, None)
        return position
    record = _record_at(reader, profile.header_line)
    position = reader.position
    is_cut = not beginning.is_whole_file and position.offset == len(beginning.head)
    if is_cut and not beginning.head.endswith(b"\n"):
        raise _too_long(record, len(beginning.head))
    if profile.rows_line is not None:
        return _position_before(reader, profile.rows_line)
    if beginning.is_whole_file and next(iter(reader), None) is None:
        raise refusal("no_rows")
    return position


def _position_before(reader: RecordReader, line: int) -> Position:
    """Where the record that begins on this line, or a later one, is still to be read."""
    position = reader.position
    for record in reader:
        if record.line_number >= line:
            break
        position = reader.position
    return position


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


def without_blank_end(names: list[str], width: int) -> list[str]:
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


def refuse_foreign(proposal: Proposal, fields: Sequence[Field]) -> None:
    """Refuse a file that lacks what no answer can give it; names that may be other ones lack nothing yet."""
    if is_open(proposal.described):
        return
    names = [column.name for column in proposal.columns]
    line = proposal.described.profile.header_line or 1
    refuse_names_in_one_cell(names, line, frozenset().union(*(field.names for field in fields)))
    if not any(proposal.fields_of_columns):
        known = listed([field.name for field in fields])
        raise refusal("no_known_column", line=line, known=known, found=listed(names))
    kind = "column" if len(proposal.missing) == 1 else "columns"
    missing = f"{kind} {listed(proposal.missing)}"
    raise refusal("missing_column", line=line, missing=missing, found=listed(names))


def is_open(described: Described) -> bool:
    """Whether a person has yet to say how the file is written, so that its cells may be others."""
    return any(question.id in ("encoding", "delimiter") for question in described.questions)


def listed(names: Sequence[str]) -> str:
    """Names of columns as a refusal quotes them: not too many, none too long."""
    written = [name for name in names if name.strip()]
    shown = ", ".join(_shown(name) for name in written[:NAMES_SHOWN]) or "no names"
    left_out = len(written) - NAMES_SHOWN
    return f"{shown} and {left_out:,} more" if left_out > 0 else shown


def _shown(name: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in name)
    words = " ".join(printable.split())
    return words if len(words) <= NAME_CHARS_SHOWN else words[: NAME_CHARS_SHOWN - 1] + "…"
