"""The mapping of an import, as it is kept, or as it follows from its columns alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from importer.files.mapping import Fill, Mapping
from importer.record_types.base import RecordType

NUMBERS = ("decimal", "integer")
"""Kinds of fields whose cells may have a decimal mark."""


def mapping_of(record_type: RecordType, columns: Sequence[str | None], told: dict[str, Any] | None) -> Mapping:
    """The mapping of an import; one without takes the cells of its columns as they stand, numbers with a point.

    Args:
        columns: the field that each column of the file fills.
        told: the mapping as it is kept; None: there is none.
    """
    if told is not None:
        return Mapping.from_json(told)
    mapping = Mapping.of_columns(columns, {field.name: field.kind for field in record_type.fields})
    return replace(mapping, fills=tuple(map(_with_point, mapping.fills)))


def _with_point(fill: Fill) -> Fill:
    is_number = fill.reading.kind in NUMBERS
    return replace(fill, reading=replace(fill.reading, decimal_mark=".")) if is_number else fill
