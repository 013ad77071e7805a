"""What a worker must know of an import to save its rows; it does not change once rows are dispatched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection, select

from importer.errors import RecordTypeError, UnknownRecordTypeError
from importer.models import Import
from importer.record_types import Origin, RecordType
from importer.services import Services
from jobs.rows.outcomes import ImportGoneError

KEPT = 200


@dataclass(frozen=True)
class Plan:
    """One import: its record type, and which column each cell fills."""

    import_id: str
    sequence: int
    record_type: RecordType
    columns: tuple[str | None, ...]

    @cached_property
    def origin(self) -> Origin:
        return Origin(self.import_id, self.sequence, self._names)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(name for name in self.columns if name is not None)

    @cached_property
    def _is_whole(self) -> bool:
        """Every cell fills a column."""
        return None not in self.columns

    def by_column(self, cells: list[str]) -> dict[str, str]:
        """The cells that hold a value, by column."""
        if self._is_whole and "" not in cells:
            return dict(zip(self._names, cells, strict=False))
        return {name: cell for name, cell in zip(self.columns, cells, strict=False) if name is not None and cell}


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
            if len(self._plans) >= KEPT:
                self._plans.clear()
            self._plans[import_id] = self._load(connection, import_id)
        return self._plans[import_id]

    def _load(self, connection: Connection, import_id: str) -> Plan:
        wanted = select(Import.sequence, Import.record_type, Import.columns).where(Import.id == import_id)
        found = connection.execute(wanted).one_or_none()
        if found is None:
            raise ImportGoneError
        try:
            record_type = self._services.record_types[found.record_type]
        except UnknownRecordTypeError as error:
            raise RecordTypeError(error.message) from error
        return Plan(import_id, found.sequence, record_type, tuple(found.columns))
