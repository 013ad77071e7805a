"""What is at fault in rows, told without saving them."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from importer.files.mapping import Mapping, RowReader
from importer.record_types.base import RecordType
from importer.record_types.reasons import Reason, reasons_of

CHECK_RAISED = "check_raised"


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
