"""The class that a record type extends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from pydantic import AliasChoices, BaseModel, ConfigDict
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from importer.files.fields import Field
from importer.models import Base
from importer.record_types.effects import Effect, Effects
from importer.record_types.fields import check_of, choices_of, kind_of, years_of
from importer.record_types.positional import cells_schema, has_steps_over_fields, stays_none
from importer.record_types.rows import Origin, ValidRow
from importer.record_types.upsert import Upsert


class RowSchema(BaseModel):
    """The fields of a row with their types and checks; an empty cell counts as no value.

    A field's alias is another name that a file may give its column.
    """

    model_config = ConfigDict(
        str_strip_whitespace=True, extra="forbid", frozen=True, validate_by_name=True, loc_by_alias=False
    )


MAX_UPSERTS = 200
"""Statements kept for each record type, one for each order of columns that files had."""


class RecordType:
    """One kind of record: its table, its key and its fields.

    `save` writes a batch with one upsert, or by COPY. A subclass may instead define `save_row(session,
    values, origin, row_number)`, which does what one row means, through the given session only, and returns
    an `Effect`. Its database effects happen exactly once, like those of `save`; anything else it does (an
    HTTP call) may happen more than once. It raises `RowError` to fail its row with a reason.

    A cell without a value leaves that of an existing record alone, unless `origin.clears`. `save` keeps to this.
    `save_row` is given None for the cell, or the field's default, and must do so itself; `origin.columns` are the
    fields that the file fills. A field whose default is not None takes it in either case.

    Attributes:
        name: what API and CLI call it.
        label: what people read.
        model: the table's mapped class, with `ImportedRecord` among its bases if `save` is not replaced.
        key: the fields that identify a record; they have a unique constraint and are required.
        schema: the fields with their types and checks.
        also_called: for a field the names that files give its column, in whatever language. They count where no
            column has the field's own name or alias; case, accents, blanks and punctuation do not matter.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    model: ClassVar[type[Base]]
    key: ClassVar[tuple[str, ...]]
    schema: ClassVar[type[RowSchema]]
    also_called: ClassVar[Mapping[str, Sequence[str]]] = {}

    def __init__(self) -> None:
        self._upserts: dict[tuple[tuple[str, ...], tuple[str | None, ...], bool], Upsert] = {}

    @property
    def fields(self) -> list[Field]:
        """The fields that a file may fill, and whether it must."""
        return [self._field(name, info) for name, info in self.schema.model_fields.items()]

    def _field(self, name: str, info: FieldInfo) -> Field:
        return Field(
            name,
            info.is_required(),
            _aliases(info),
            tuple(self.also_called.get(name, ())),
            kind_of(info),
            choices_of(info),
            *years_of(info),
            accepts=check_of(info),
        )

    @property
    def saves_row_by_row(self) -> bool:
        return hasattr(self, "save_row")

    @property
    def tells_writers(self) -> bool:
        """Whether every row that meets a record tells who had written it (`Effects.met`)."""
        return not self._saves_by_itself

    def validate(self, cells: dict[str, str]) -> dict[str, Any]:
        """Check one row's cells by field; empty cells are left out beforehand.

        Returns:
            A value for every field.

        Raises:
            pydantic.ValidationError: naming every field at fault.
        """
        values: dict[str, Any] = self.schema.__pydantic_validator__.validate_python(cells).__dict__
        return values

    def fields_written(self, columns: Sequence[str | None]) -> tuple[str, ...]:
        """The fields whose values are saved, where rows are checked by name.

        A field that the file lacks and whose default is None is left out, so that a new record gets the table's
        own default.

        Args:
            columns: the field that each column of the file fills.
        """
        fields = self.schema.model_fields
        if self._saves_by_itself or self._checks_by_itself or has_steps_over_fields(self.schema):
            return tuple(fields)
        if self.schema.model_config.get("validate_default"):
            return tuple(fields)
        return tuple(name for name in fields if name in columns or not stays_none(fields[name]))

    @property
    def _saves_by_itself(self) -> bool:
        """Whether a subclass says what becomes of the values."""
        return self.saves_row_by_row or type(self).save is not RecordType.save

    @property
    def _checks_by_itself(self) -> bool:
        """Whether a subclass says what values a row has."""
        return type(self).validate is not RecordType.validate

    def cells_schema(self, columns: Sequence[str | None]) -> CoreSchema | None:
        """The checks of a row by the position of its cells; None where rows must be checked by `validate`.

        Args:
            columns: the field that each column of the file fills.
        """
        if self._saves_by_itself or self._checks_by_itself:
            return None
        return cells_schema(self.schema, columns)

    def save(self, connection: Connection, rows: Sequence[ValidRow], origin: Origin) -> Effects:
        """Create or update the records of a batch at once, inside the caller's transaction.

        Args:
            rows: in ascending row number; `origin.named` gives the values of one by field.
        """
        upsert = self._upserts.get(origin[2:])
        if upsert is None:
            if len(self._upserts) >= MAX_UPSERTS:
                self._upserts.clear()
            upsert = self._upserts[origin[2:]] = Upsert(
                self.model.__table__, self.key, origin.fields, origin.columns, origin.clears
            )
        return upsert.run(connection, rows, origin.sequence)


def _aliases(field: FieldInfo) -> tuple[str, ...]:
    """The names by which pydantic would look for a field in what it is given."""
    alias = field.validation_alias or field.alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return tuple(choice for choice in choices if isinstance(choice, str))


class RowSaver(Protocol):
    """The shape of a record type that says what one row does; for type checkers."""

    def save_row(self, session: Session, values: dict[str, Any], origin: Origin, row_number: int) -> Effect:
        """Apply one row through `session`."""
