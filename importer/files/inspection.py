"""What is told of a file without uploading it: how it would be read, what would be asked, and its records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, BinaryIO

from importer.errors import RefusedFileError
from importer.files.conversion.header import describe_lines, sample_of_all
from importer.files.conversion.inspection import LINES_LOOKED_AT, question_of_tables
from importer.files.conversion.lines import ConversionLimits, Findings, Line
from importer.files.conversion.preparation import ASKED_OF_TEXT
from importer.files.conversion.sources import CONVERTED
from importer.files.conversion.tables import convert, described_text, tables_of
from importer.files.conversion.transcoding import chunks_of
from importer.files.csv_reader import Record
from importer.files.detection import Described, describe
from importer.files.fields import Field
from importer.files.kinds import TEXT, kind_of
from importer.files.openings import is_open, refuse_foreign, without_blank_end
from importer.files.problems import Limits
from importer.files.proposal import Proposal, propose
from importer.files.questions import Answers, Question
from importer.files.refusals import refusal
from importer.files.samples import HEAD_BYTES, Sample, take
from importer.files.text_records import MAX_CELL_CHARS, MAX_RECORD_BYTES, records_of_text
from importer.files.unfit_headers import refuse_unfit_header

MOST_FAULTS = 100
LIMITS = Limits(None, MAX_RECORD_BYTES, MAX_CELL_CHARS)


def inspect(path: Path, most: int | None, fields: Sequence[Field] | None = None) -> dict[str, Any]:
    """What is told of one file; of so many of its records, or of all.

    Args:
        fields: those that its columns are to fill; None: nothing is said of that.
    """
    try:
        with path.open("rb") as source:
            kind = kind_of(source.read(HEAD_BYTES))
            if kind not in CONVERTED and kind != TEXT:
                raise refusal(kind)
            told = _of_text(source, most, fields) if kind == TEXT else _of_converted(source, kind, most, fields)
    except RefusedFileError as error:
        return {"file": str(path), "refused": {"code": error.code, "message": error.message}}
    except OSError as error:
        return {"file": str(path), "refused": {"code": "not_opened", "message": f"It cannot be opened: {error}."}}
    return {"file": str(path), **told}


def _of_text(source: BinaryIO, most: int | None, fields: Sequence[Field] | None) -> dict[str, Any]:
    described = describe(_sample(source), _names_of(fields))
    described = described._replace(header=without_blank_end(described.header, described.profile.width))
    if fields is not None and not is_open(described):
        refuse_unfit_header(described, described.header, _names_of(fields))
    proposal = _proposed(described, fields)
    rows = list(islice(records_of(source, described), most))
    faults = [words for row in rows if (words := _fault_of(row, described.profile.width))]
    return {
        "profile": {"container": None, **described.profile.as_json()},
        "evidence": described.evidence,
        "warnings": (proposal.described if proposal else described).warnings + faults[:MOST_FAULTS],
        "questions": _told(proposal.questions if proposal else described.questions),
        "header": described.header,
        "records": [
            row.cells if row.problem else fitted(row.cells, len(described.header))
            for row in rows
            if not is_no_row(row)
        ],
        "mapping": proposal and proposal.mapping.as_json(),
    }


def _of_converted(file: BinaryIO, kind: str, most: int | None, fields: Sequence[Field] | None) -> dict[str, Any]:
    """The same of a file that has to be converted; where its first table is none, only which one is meant.

    Raises:
        RefusedFileError: it cannot be.
    """
    limits = ConversionLimits()
    table = question_of_tables(tables_of(file, kind, limits))
    try:
        return _of_first_table(file, kind, most, fields, limits, table)
    except RefusedFileError:
        if table is None:
            raise
    about = {"profile": {"container": kind, "format": kind}, "evidence": {}, "warnings": []}
    return {**about, "questions": _told([table]), "header": [], "records": [], "mapping": None}


def _of_first_table(
    file: BinaryIO,
    kind: str,
    most: int | None,
    fields: Sequence[Field] | None,
    limits: ConversionLimits,
    table: Question | None,
) -> dict[str, Any]:
    """What is told of the first table with content.

    Args:
        table: the question which one is meant, where there are several.

    Raises:
        RefusedFileError: it cannot be read.
    """
    findings = Findings()
    text = described_text(file, kind, limits)
    lines = convert(file, kind, table=None, limits=limits, findings=findings)
    taken = list(islice(lines, None if most is None else most + LINES_LOOKED_AT))
    sample = _sample_of(taken, is_all=next(lines, None) is None)
    described = describe_lines(sample, fields or (), LIMITS, Answers())
    proposal = _proposed(described, fields)
    first = described.rows[0]
    begins = (place for place, line in enumerate(taken) if (line.place, line.cells) == (first.line, first.cells))
    rows = [line for line in taken[next(begins, 0) :] if any(map(str.strip, line.cells))][:most]
    faults = [f"line {line.place:,}: {line.problem}" for line in rows if line.problem]
    before = [
        *([table] if table else []),
        *(one for one in (text.questions if text else []) if one.id in ASKED_OF_TEXT),
    ]
    return {
        "profile": {"container": kind, "format": kind, **(text or described).profile.as_json()},
        "evidence": {**(text.evidence if text else {}), **described.evidence},
        "warnings": findings.in_words() + (proposal.described if proposal else described).warnings + faults,
        "questions": _told([*before, *(proposal.questions if proposal else described.questions)]),
        "header": described.header,
        "records": [fitted(line.cells, len(described.header)) for line in rows],
        "mapping": proposal and proposal.mapping.as_json(),
    }


def _sample_of(taken: Sequence[Line], *, is_all: bool) -> Sample:
    """A sample of the lines; of a file that was not read to its end, of its beginning alone."""
    if is_all:
        return sample_of_all(b"".join(line.encode() for line in taken))
    head = b"".join(line.encode() for line in taken[:LINES_LOOKED_AT])
    return Sample(head, len(head) + 1)


def _names_of(fields: Sequence[Field] | None) -> frozenset[str]:
    return frozenset().union(*(field.names for field in fields or ()))


def _proposed(described: Described, fields: Sequence[Field] | None) -> Proposal | None:
    """What the columns fill; None where no fields are known.

    Raises:
        RefusedFileError: an upload of it would be refused.
    """
    if fields is None:
        return None
    if not described.rows:
        raise refusal("no_rows" if described.first_records else "empty")
    proposal = propose(described, fields, Answers())
    if proposal.missing:
        refuse_foreign(proposal, fields)
    return proposal


def _told(questions: Sequence[Question]) -> list[dict[str, Any]]:
    return [question.as_json() for question in questions]


def records_of(source: BinaryIO, described: Described) -> Iterator[Record]:
    """The rows of a text, from its beginning to what is surely no part of the table; each has as many cells as the
    header, as in an upload.
    """
    source.seek(0)
    width = len(without_blank_end(described.header, described.profile.width))
    profile, footer = replace(described.profile, width=width), described.footer
    header = described.header if profile.header_line else ()
    records = records_of_text(chunks_of(source), profile, header)
    if footer is None or not footer.is_sure:
        return records
    return takewhile(lambda record: record.line_number < footer.line, records)


def fitted(cells: list[str], width: int) -> list[str]:
    """The cells without empty ones beyond the header's, and with empty ones where it has more."""
    kept = cells if any(map(str.strip, cells[width:])) else cells[:width]
    return kept + [""] * (width - len(kept))


def is_no_row(row: Record) -> bool:
    """Whether a record is taken for something else than a row: it is told, and not printed."""
    return row.problem is not None and row.problem.code in ("too_few_cells", "repeated_header")


def _fault_of(row: Record, width: int) -> str:
    """What is wrong with a row, in words, and where; nothing where it is sound."""
    if row.problem is None:
        found = len(row.cells)
        missing = f"cells {found + 1:,} to {width:,} are" if found < width - 1 else f"cell {width:,} is"
        return f"line {row.line_number:,}: {missing} missing, and taken for empty." if found < width else ""
    column = "" if row.problem.column is None else f", column {row.problem.column + 1:,}"
    return f"line {row.line_number:,}{column}: {row.problem.message}"


def _sample(source: BinaryIO) -> Sample:
    def read(offset: int, count: int) -> bytes:
        source.seek(offset)
        return source.read(count)

    return take(read, source.seek(0, 2))
