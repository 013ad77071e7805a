"""The first rows of a file as they would be saved, and what a person may choose of how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from importer.files.cells.outcomes import ALTERATIONS, Alteration
from importer.files.mapping import ReadRow, RowReader
from importer.files.proposal import Proposal
from importer.files.tables import Located
from importer.lifecycle.starting import Reading
from importer.record_types import RecordType

ROWS = 20


class PreviewCell(NamedTuple):
    """A value as it would be saved.

    Attributes:
        text: empty where there is none.
        before: as it stands in the file, where it is read otherwise; None where it is not.
        how: what was changed, in words.
        fault: why it would fail, in words; None where it would not.
    """

    text: str
    before: str | None = None
    how: str = ""
    fault: str | None = None


class PreviewRow(NamedTuple):
    """A row as it would be saved.

    Attributes:
        fault: why it would fail as a whole; None where none or single cells are at fault.
    """

    line: int
    cells: list[PreviewCell]
    fault: str | None = None


def preview_of(record_type: RecordType, proposal: Proposal, most: int = ROWS) -> list[PreviewRow]:
    """The first rows, cell by cell in the order of the mapping's fields."""
    reader = RowReader(proposal.mapping)
    fields = proposal.mapping.fields
    return [_row(record_type, fields, row, reader.read(row.cells)) for row in proposal.described.rows[:most]]


def _row(record_type: RecordType, fields: Sequence[str], row: Located, read: ReadRow) -> PreviewRow:
    named = {name: text for name, text in zip(fields, read.values, strict=True) if text is not None}
    values, faults = _checked(record_type, named)
    faults |= {name: fault.message for name, fault in read.faults}
    altered = dict(reversed(read.alterations))
    cells = [_cell(values.get(name), altered.get(name), faults.get(name)) for name in fields]
    of_row = [f"{name}: {fault}" if name else fault for name, fault in faults.items() if name not in fields]
    return PreviewRow(row.line, cells, "; ".join(of_row) or None)


def _checked(record_type: RecordType, named: dict[str, str]) -> tuple[Mapping[str, Any], dict[str, str]]:
    """The values of a row that passes the checks of its record type, or its cells and what is wrong with them."""
    try:
        return record_type.validate(named), {}
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        return named, {_field(problem): _sentence(problem) for problem in reversed(problems)}
    except Exception as error:  # the record type's own check: its row would fail with it, too
        return named, {"": f"its check raised {type(error).__name__}"}


def _field(problem: Any) -> str:
    return str(problem["loc"][0]) if problem["loc"] else ""


def _sentence(problem: Any) -> str:
    if problem["type"] == "missing":
        return "a value is required"
    return str(problem["msg"]).removeprefix("Value error, ")


def _cell(value: Any, altered: Alteration | None, fault: str | None) -> PreviewCell:
    text = "" if value is None else str(value)
    if altered is None:
        return PreviewCell(text, fault=fault)
    return PreviewCell(text, altered.before, ALTERATIONS[altered.kind], fault)


def chosen_of(reading: Reading) -> dict[str, str]:
    """What each control of the page would show: the choice that counts now, by the id of its question."""
    opening = reading.opening
    profile = opening.proposal.described.profile
    header = str(profile.header_line) if profile.header_line is not None else "none"
    chosen = {
        "encoding": profile.encoding,
        "delimiter": profile.dialect.delimiter,
        "quote": profile.dialect.quote,
        "header": header,
        "empty_cells": "clear" if opening.proposal.mapping.clears else "keep",
    }
    for column in opening.proposal.columns:
        chosen[f"column-{column.number}"] = column.field or "none"
    for fill in opening.proposal.mapping.fills:
        if fill.default is not None:
            chosen[f"default-{fill.field}" if fill.columns else f"constant-{fill.field}"] = fill.default
        for place in fill.columns[:1]:
            chosen |= _chosen_of_cells(place + 1, fill.reading)
    return chosen


def _chosen_of_cells(number: int, reading: Any) -> dict[str, str]:
    parts = {
        "date_order": reading.date_order,
        "decimal_mark": reading.decimal_mark,
        "century": reading.century,
        "percent": reading.percent,
        "no_values": "yes" if reading.no_values else None,
    }
    return {f"{part}-{number}": str(value) for part, value in parts.items() if value is not None}


def answers_of(form: Mapping[str, str], baseline: Mapping[str, str], asked: Sequence[str]) -> dict[str, Any]:
    """The answers in a form: what differs from what would be without any, and what was asked.

    Args:
        form: by the names of its controls.
        baseline: what they showed before anybody had answered.
        asked: the ids of the questions that were open then.
    """
    answers: dict[str, Any] = {}
    words: dict[str, dict[str, str]] = {}
    for name, value in form.items():
        question, bracket, word = name.partition("[")
        if bracket:
            said = words.setdefault(question, {})
            if value:
                said[word.removesuffix("]")] = value
        elif name.startswith("constant-"):
            if value:
                answers["field-" + name.removeprefix("constant-")] = f"={value}"
        elif name.startswith("default-"):
            if value:
                answers[name] = value
        elif name in asked or value != baseline.get(name, ""):
            answers[name] = value
    return answers | words
