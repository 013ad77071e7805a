"""Imports without servers: a file is opened as an upload of it is, and its rows are read and checked."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from openings import asked, opening_of
from pydantic import ValidationError

from importer.errors import NotInPlaceError
from importer.files.conversion.header import describe_lines, open_lines, sample_of_all
from importer.files.conversion.lines import ConversionLimits, Findings
from importer.files.conversion.preparation import prepare
from importer.files.conversion.tables import convert
from importer.files.csv_reader import Record, RecordReader
from importer.files.json_lines import JsonLinesReader
from importer.files.kinds import kind_of
from importer.files.mapping import RowReader
from importer.files.openings import Opening
from importer.files.problems import Limits
from importer.files.questions import Answers
from importer.record_types import RecordType
from importer.record_types.reasons import reason_of

LIMITS = {"max_record_bytes": 256 * 1024, "max_cell_chars": 100_000}


class Outcome(NamedTuple):
    """What becomes of a file.

    Attributes:
        questions: the ids of those that are left.
        rows: the values of each row that passes, those without a value left out.
        failed: of the others, by line, the code of the first fault.
        altered: the field and kind of each alteration of a row that passes.
        told: what the conversion noticed.
    """

    opening: Opening | None
    questions: list[str]
    rows: list[dict[str, Any]]
    failed: dict[int, str]
    altered: set[tuple[str, str]]
    told: list[str]


def outcome_of(data: bytes, record_type: RecordType, answers: Mapping[str, Any]) -> Outcome:
    """What becomes of a file with these answers.

    Raises:
        RefusedFileError: nothing does.
    """
    told: list[str] = []
    try:
        opening = opening_of(data, record_type.fields, dict(answers), **LIMITS)
        reader = _reader_of_text(data, opening)
    except NotInPlaceError:
        lines, told, questions = _converted(data, record_type, answers)
        if questions:
            return Outcome(None, questions, [], {}, set(), told)
        limits, said = Limits(None, *LIMITS.values()), Answers(answers)
        opening = open_lines(
            lines,
            describe_lines(sample_of_all(lines), record_type.fields, limits, said),
            record_type.fields,
            said,
            limits,
        )
        reader = _reader_of_lines(lines, opening)
    if questions := asked(opening):
        return Outcome(opening, questions, [], {}, set(), told)
    return _read(reader, opening, record_type, told)


def _converted(
    data: bytes, record_type: RecordType, answers: Mapping[str, Any]
) -> tuple[bytes, list[str], list[str]]:
    """The lines of a file, what was noticed, and the questions without whose answers there are none."""
    file, kind, limits, findings = io.BytesIO(data), kind_of(data), ConversionLimits(), Findings()
    prepared = prepare(file, kind, record_type.fields, answers, limits)
    if prepared.questions:
        return b"", [], [question.id for question in prepared.questions]
    made = convert(file, kind, table=prepared.table, limits=limits, findings=findings, profile=prepared.profile)
    return b"".join(line.encode() for line in made), findings.in_words(), []


def _reader_of_text(data: bytes, opening: Opening) -> RecordReader:
    source = io.BytesIO(data[: opening.end])
    source.seek(opening.position.offset)
    return RecordReader(
        source, opening.position, width=len(opening.names), line_format=opening.line_format, **LIMITS
    )


def _reader_of_lines(lines: bytes, opening: Opening) -> JsonLinesReader:
    source = io.BytesIO(lines)
    source.seek(opening.position.offset)
    return JsonLinesReader(
        source, opening.position, width=len(opening.names), line_format=opening.line_format, **LIMITS
    )


def _read(
    records: RecordReader | JsonLinesReader, opening: Opening, record_type: RecordType, told: list[str]
) -> Outcome:
    mapping = opening.proposal.mapping
    outcome, reader = Outcome(opening, [], [], {}, set(), told), RowReader(mapping)
    for record in records:
        row = reader.read(record.cells)
        values = {name: value for name, value in zip(mapping.fields, row.values, strict=True) if value is not None}
        codes = _codes(record, [fault.code for _, fault in row.faults], values, record_type)
        if code := next(codes, None):
            outcome.failed[record.line_number] = code
            continue
        checked = record_type.validate(values)
        outcome.rows.append({name: value for name, value in checked.items() if value is not None})
        outcome.altered.update((field, altered.kind) for field, altered in row.alterations)
    return outcome


def _codes(record: Record, faults: list[str], values: dict[str, str], record_type: RecordType) -> Iterator[str]:
    """What is wrong with a row: with the record, with its cells, or with its values."""
    if record.problem is not None:
        yield record.problem.code
    yield from faults
    try:
        record_type.validate(values)
    except ValidationError as error:
        yield from (reason_of(found).code for found in error.errors())
