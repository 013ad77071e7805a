"""Whether rows would pass the checks of their import, as a worker would tell; nothing is saved."""

from __future__ import annotations

from collections.abc import Sequence

from importer.files.mapping import Mapping, RowReader
from importer.record_types import RecordType
from importer.record_types.row_checks import RowCheck


class RowChecks:
    """The checks of one import's rows: cells are read by its mapping, and values checked by its record type."""

    def __init__(self, record_type: RecordType, mapping: Mapping) -> None:
        self._record_type = record_type
        self._fields = mapping.fields
        self._reader = RowReader(mapping)
        self._check = RowCheck(record_type, mapping)

    def passing(self, rows: Sequence[Sequence[str]]) -> list[bool]:
        """Whether each of these rows, given as cells, would pass."""
        if not rows:
            return []
        read = self._reader.read_all(rows)
        values = zip(*read.columns, strict=True) if read.columns else [()] * len(rows)
        return [
            index not in read.faults and self._is_valid(dict(zip(self._fields, row, strict=True)))
            for index, row in enumerate(values)
        ]

    def _is_valid(self, values: dict[str, str | None]) -> bool:
        try:
            self._record_type.validate({name: text for name, text in values.items() if text})
        except Exception:  # a finding, or the record type's own check breaks off: the row fails with either
            return False
        return True

    def reason(self, cells: Sequence[str]) -> str | None:
        """Why a row would fail, by the first thing that is wrong with it; None where it would pass."""
        found = self._check.reasons(cells)
        return f"{found[0].field or 'row'}: {found[0].sentence}" if found else None
