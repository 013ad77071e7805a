"""Checks rows without saving them: how an import's cells fill its record type's fields, and what is at fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from importer.files.mapping import Fill, Mapping, RowReader
from importer.record_types.base import RecordType
from importer.record_types.reasons import Reason, reasons_of

NUMBERS = ("decimal", "integer")
"""Kinds of fields whose cells may have a decimal mark."""

CHECK_RAISED = "check_raised"


def mapping_of(record_type: RecordType, columns: Sequence[str | None], told: dict[str, Any] | None) -> Mapping:
    """The mapping of an import; one without takes the cells of its columns as they stand, numbers with a point.

    Args:
        columns: the field that each column of its file fills.
        told: the mapping as JSON; None: there is none.
    """
    if told is not None:
        return Mapping.from_json(told)
    mapping = Mapping.of_columns(columns, {field.name: field.kind for field in record_type.fields})
    return replace(mapping, fills=tuple(map(_with_point, mapping.fills)))


def _with_point(fill: Fill) -> Fill:
    is_number = fill.reading.kind in NUMBERS
    return replace(fill, reading=replace(fill.reading, decimal_mark=".")) if is_number else fill


class RowCheck:
    """Tells what is at fault in rows, by the mapping of their import and the record type's own checks.

    What the database would refuse shows only when a row is saved.
    """

    def __init__(self, record_type: RecordType, mapping: Mapping) -> None:
        self._record_type = record_type
        self._fields = mapping.fields
        self._reader = RowReader(mapping)

    def reasons(self, cells: Sequence[str]) -> list[Reason]:
        """Everything that is at fault in a row with these cells; nothing where it passes."""
        row = self._reader.read(cells)
        named = {name: text for name, text in zip(self._fields, row.values, strict=True) if text}
        try:
            self._record_type.validate(named)
        except ValidationError as error:
            return reasons_of(row.faults, error)
        except Exception as error:  # the record type's own check
            return [Reason(None, CHECK_RAISED, f"checking this row raised {type(error).__name__}: {error}")]
        return reasons_of(row.faults)
