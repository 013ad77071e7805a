"""What a worker must know of an import to save its rows; it does not change once rows are dispatched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic_core import CoreConfig, CoreSchema, SchemaValidator, core_schema
from pydantic_core.core_schema import any_schema, int_schema, literal_schema, none_schema, tuple_schema
from sqlalchemy import Connection, bindparam, select

from importer.errors import RecordTypeError, UnknownRecordTypeError
from importer.models import Import
from importer.record_types import Origin, RecordType
from importer.record_types.positional import schema_config
from importer.services import Services
from importer.time_limits import CHECK_SECONDS
from jobs.rows.job import FUNCTION, MAX_NUMBER, VERSION, one_each, read_calls
from jobs.rows.outcomes import ImportGoneError
from jobs.rows.time_limit import time_limit

MAX_PLANS = 200


@dataclass(frozen=True)
class Plan:
    """One import: its record type, and which field each column of the file fills."""

    import_id: str
    sequence: int
    record_type: RecordType
    columns: tuple[str | None, ...]

    @cached_property
    def origin(self) -> Origin:
        fields = self.columns if self._validator is not None else self.record_type.fields_written(self.columns)
        return Origin(self.import_id, self.sequence, tuple(name for name in self.columns if name), fields)

    @cached_property
    def _validator(self) -> SchemaValidator | None:
        """Reads and checks the data of many first attempts at once; None where rows are checked by name."""
        cells = self.record_type.cells_schema(self.columns)
        if cells is None:
            return None
        rows = core_schema.union_schema([self._call_schema(cells), any_schema()], mode="left_to_right")
        # Cells hardly ever repeat: to look for each in pydantic's cache costs more than it saves.
        config: CoreConfig = {**schema_config(self.record_type.schema), "cache_strings": "none"}
        return SchemaValidator(core_schema.list_schema(rows), config)

    def _call_schema(self, cells: CoreSchema) -> CoreSchema:
        """The data of a first attempt that can be read and passes its checks, as `jobs.rows.job` writes them."""
        function, version = literal_schema([FUNCTION]), literal_schema([VERSION])
        import_id = literal_schema([self.import_id])
        number = int_schema(strict=True, ge=1, le=MAX_NUMBER)
        arguments = tuple_schema([version, import_id, number, number, cells, none_schema()])
        return tuple_schema([function, none_schema(), arguments, core_schema.dict_schema(max_length=0)])

    def read(self, datas: Sequence[bytes]) -> list[Any]:
        """What the plain data of jobs say: a tuple where the row passed its checks, else a list.

        Raises:
            UnreadableJobError: one of them is no JSON.
        """
        if self._validator is None:
            return read_calls(datas)
        try:
            with time_limit(CHECK_SECONDS):
                calls = self._validator.validate_json(b"[" + b",".join(datas) + b"]")
        except Exception:  # not UTF-8, or a check that raises or never ends: by name it is said what is wrong
            return read_calls(datas)
        return one_each(calls, datas)

    def validate(self, cells: Sequence[str]) -> tuple[Any, ...]:
        """Check one row's cells by name; return its values in the order of `origin.fields`.

        Raises:
            pydantic.ValidationError: naming every field at fault.
            TimeLimitError: the check took longer than CHECK_SECONDS.
        """
        named = {name: cell for name, cell in zip(self.columns, cells, strict=False) if name is not None and cell}
        with time_limit(CHECK_SECONDS):
            values = self.record_type.validate(named)
        return tuple(None if name is None else values[name] for name in self.origin.fields)


WANTED = select(Import.sequence, Import.record_type, Import.columns).where(Import.id == bindparam("id"))


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
        return Plan(import_id, found.sequence, record_type, tuple(found.columns))
