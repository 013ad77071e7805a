"""The key of the record that a row is about, told from its cells without saving it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from importer.files.mapping import Mapping, RowReader
from importer.record_types.base import RecordType
from importer.record_types.fields import value_reader_of


class RowKey:
    """Tells the key of rows by the mapping of their import and the checks of the key's fields.

    A check of the record type that looks at several fields has no part in it.
    """

    def __init__(self, record_type: RecordType, mapping: Mapping) -> None:
        fields = record_type.schema.model_fields
        self._readers = {name: value_reader_of(fields[name]) for name in record_type.key}
        self._fields = mapping.fields
        self._reader = RowReader(mapping)

    def of(self, cells: Sequence[str]) -> tuple[str, ...] | None:
        """The texts of the key; None where one of its cells is at fault or empty, or its check breaks off."""
        row = self._reader.read(cells)
        texts = {name: text for name, text in zip(self._fields, row.values, strict=True) if text}
        at_fault = {field for field, _ in row.faults}
        if not self._readers.keys() <= texts.keys() - at_fault:
            return None
        try:
            return tuple(_text_of(read(texts[name])) for name, read in self._readers.items())
        except Exception:  # whatever the record type's own check raises
            return None


def _text_of(value: Any) -> str:
    return str(value.value if isinstance(value, Enum) else value)
