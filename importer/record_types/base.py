"""The class that a record type extends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from importer.files.header import Column
from importer.models import Base
from importer.record_types.effects import Effect, Effects
from importer.record_types.upsert import Upsert


class RowSchema(BaseModel):
    """The columns of a row with their types and checks; an empty cell counts as no value."""

    model_config = ConfigDict(str_strip_whitespace=True, extra="forbid", frozen=True)


class ValidRow(NamedTuple):
    """A row that passed its checks: its number in the file, and a value for every column of the schema."""

    row_number: int
    values: dict[str, Any]


class Origin(NamedTuple):
    """Which import rows come from, and which columns of the schema its file has."""

    import_id: str
    sequence: int
    columns: tuple[str, ...]


class RecordType:
    """One kind of record: its table, its key and its columns.

    `save` writes a batch with one upsert, or by COPY. A subclass may instead define `save_row(session,
    values, origin, row_number)`, which does what one row means, through the given session only, and returns
    an `Effect`. Its database effects happen exactly once, like those of `save`; anything else it does (an
    HTTP call) may happen more than once. It raises `RowError` to fail its row with a reason.

    Attributes:
        name: what API and CLI call it.
        label: what people read.
        model: the table's mapped class, with `ImportedRecord` among its bases if `save` is not replaced.
        key: the columns that identify a record; they have a unique constraint and are required.
        schema: the columns with their types and checks.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    model: ClassVar[type[Base]]
    key: ClassVar[tuple[str, ...]]
    schema: ClassVar[type[RowSchema]]

    def __init__(self) -> None:
        self._upserts: dict[tuple[str, ...], Upsert] = {}

    @property
    def columns(self) -> list[Column]:
        """The columns a file may have, and whether it must."""
        return [Column(name, info.is_required()) for name, info in self.schema.model_fields.items()]

    @property
    def saves_row_by_row(self) -> bool:
        return hasattr(self, "save_row")

    def validate(self, cells: dict[str, str]) -> dict[str, Any]:
        """Check one row's cells by column name; empty cells are left out beforehand.

        Raises:
            pydantic.ValidationError: naming every column at fault.
        """
        return self.schema.__pydantic_validator__.validate_python(cells).__dict__

    def save(self, connection: Connection, rows: Sequence[ValidRow], origin: Origin) -> Effects:
        """Create or update the records of a batch at once, inside the caller's transaction."""
        upsert = self._upserts.get(origin.columns)
        if upsert is None:
            upsert = Upsert(self.model.__table__, self.key, tuple(self.schema.model_fields), origin.columns)
            self._upserts[origin.columns] = upsert
        return upsert.run(connection, rows, origin.sequence)


class RowSaver(Protocol):
    """The shape of a record type that says what one row does; for type checkers."""

    def save_row(self, session: Session, values: dict[str, Any], origin: Origin, row_number: int) -> Effect:
        """Apply one row through `session`."""
