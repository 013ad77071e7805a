"""What a worker must know of an import to save its rows; it does not change once rows are dispatched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, bindparam, select

from importer.errors import RecordTypeError, UnknownRecordTypeError
from importer.files.mapping import Mapping, ReadRow, RowReader
from importer.models import Import
from importer.record_types import Origin, RecordType
from importer.record_types.mappings import mapping_of
from importer.services import Services
from importer.time_limits import CHECK_SECONDS
from jobs.rows.outcomes import ImportGoneError
from jobs.rows.portions import Portion, Portions
from jobs.rows.time_limit import time_limit

MAX_PLANS = 200


@dataclass(frozen=True)
class Plan:
    """One import: its record type, and how the cells of a row fill its fields.

    Attributes:
        width: cells of a row.
    """

    import_id: str
    sequence: int
    record_type: RecordType
    mapping: Mapping
    width: int

    @cached_property
    def columns(self) -> tuple[str | None, ...]:
        """The field that each cell of a row fills; the first one, where it fills several."""
        fields: dict[int, str] = {}
        for fill in self.mapping.fills:
            for place in fill.columns:
                fields.setdefault(place, fill.field)
        return tuple(map(fields.get, range(self.width)))

    @cached_property
    def origin(self) -> Origin:
        by_position = self._portions.checks_by_position
        fields = self._fields if by_position else self.record_type.fields_written(self.mapping.fields)
        return Origin(self.import_id, self.sequence, self.mapping.fields, fields, self.mapping.clears)

    @cached_property
    def reader(self) -> RowReader:
        return RowReader(self.mapping)

    @property
    def _is_plain(self) -> bool:
        """Whether the cells of a row are, in their order, its values."""
        return self.mapping.is_plain and set(self.columns) >= set(self.mapping.fields)

    @cached_property
    def _fields(self) -> tuple[str | None, ...]:
        """The field of each value, where values are checked by their position."""
        return self.columns if self._is_plain else self.mapping.fields

    @cached_property
    def _portions(self) -> Portions:
        return Portions(
            self.import_id, self.record_type, self._fields, self.reader, self.mapping.fields, self._is_plain
        )

    def read(self, datas: Sequence[bytes]) -> Portion:
        """What the plain data of jobs say, with their rows checked; raises `UnreadableJobError`."""
        return self._portions.read(datas)

    def validate(self, row: ReadRow) -> tuple[Any, ...]:
        """Check one row by the names of its fields; return its values in the order of `origin.fields`.

        Raises:
            pydantic.ValidationError: naming every field at fault.
            TimeLimitError: the check took longer than CHECK_SECONDS.
        """
        named = {name: text for name, text in zip(self.mapping.fields, row.values, strict=True) if text}
        with time_limit(CHECK_SECONDS):
            values = self.record_type.validate(named)
        return tuple(None if name is None else values[name] for name in self.origin.fields)


WANTED = select(Import.sequence, Import.record_type, Import.columns, Import.mapping).where(
    Import.id == bindparam("id")
)


class Plans:
    """The plans of the imports that this worker has met lately."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._plans: dict[str, Plan] = {}

    def get(self, connection: Connection, import_id: str) -> Plan:
        """The plan of an import.

        Raises:
            ImportGoneError: there is no such import.
            RecordTypeError: this release has no such record type.
        """
        if import_id not in self._plans:
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
            self._plans[import_id] = self._load(connection, import_id)
        return self._plans[import_id]

    def _load(self, connection: Connection, import_id: str) -> Plan:
        found = connection.execute(WANTED, {"id": import_id}).one_or_none()
        if found is None:
            raise ImportGoneError
        try:
            record_type = self._services.record_types[found.record_type]
        except UnknownRecordTypeError as error:
            raise RecordTypeError(error.message) from error
        mapping = mapping_of(record_type, found.columns, found.mapping)
        return Plan(import_id, found.sequence, record_type, mapping, len(found.columns))
