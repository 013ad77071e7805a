"""Checks the cells of a row by their position, straight from JSON.

A row schema is a pydantic model, which takes a dictionary by name. Nearly every one says the same of a list of
cells in the order of the file's columns, which needs neither a dictionary nor a model for each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, GetCoreSchemaHandler, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import CoreConfig, CoreSchema, SchemaValidator, core_schema

METADATA_KEY = "importer_by_position"


@dataclass(frozen=True)
class ByPosition:
    """Adds a quicker schema to a field. It is asked first, and what it takes must be what the field's own would.

    Only rows that are checked by position know it: there, what it does not take says nothing yet.
    """

    quick: CoreSchema

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema: Any = handler(source)
        schema["metadata"] = {**schema.get("metadata", {}), METADATA_KEY: self.quick}
        return cast(CoreSchema, schema)


OTHER_BY_POSITION = {"with-info", "definitions", "definition-ref", "union", "tagged-union", "json-or-python"}
"""Parts of a schema that see more than their cell, or choose otherwise for JSON than for Python's values."""

OTHER_IF_SET = {"strict", "default_factory_takes_data", "validate_default", "validation_alias"}

SKIPPED_KEYS = {"serialization", "metadata", "cls"}


def cells_schema(schema: type[BaseModel], columns: Sequence[str | None]) -> CoreSchema | None:
    """What pydantic-core makes of the cells of one row, given as a JSON array with null for each empty cell.

    Args:
        columns: the field that each cell fills; None: the cell is not looked at.

    Returns:
        None where only the model itself can check a row: it has validators of its own, fields that look at each
        other, or defaults other than None.
    """
    if has_steps_over_fields(schema):
        return None
    core: Any = schema.__pydantic_core_schema__
    if not _is_plain(core.get("config", {})) or not _is_plain(core["schema"]["fields"]):
        return None
    fields = {name: field["schema"] for name, field in core["schema"]["fields"].items()}
    config = schema_config(schema)
    cells = {name: _cell(field, config) for name, field in fields.items()}
    if None in cells.values() or any(_is_required(fields[name]) for name in fields.keys() - set(columns)):
        return None
    return core_schema.tuple_schema(
        [core_schema.any_schema() if name is None else cells[name] for name in columns]  # type: ignore[misc]
    )


def schema_config(schema: type[BaseModel]) -> CoreConfig:
    """The model's configuration as pydantic-core knows it, blanks around a text for one."""
    core: Any = schema.__pydantic_core_schema__
    config: CoreConfig = core.get("config", {})
    return config


def has_steps_over_fields(schema: type[BaseModel]) -> bool:
    """Whether a row schema does more than to check each field by itself."""
    core: Any = schema.__pydantic_core_schema__
    if core["type"] != "model" or core["schema"]["type"] != "model-fields":
        return True
    return bool(core.get("custom_init") or core.get("post_init") or core.get("root_model"))


def stays_none(field: FieldInfo) -> bool:
    """Whether a field has no value in any row of a file that lacks it."""
    return field.default is None and not field.validate_default


def _is_plain(part: Any) -> bool:
    """Whether this part of a schema depends on the cell alone, and reads JSON as it reads Python's values."""
    if isinstance(part, dict):
        if part.get("type") in OTHER_BY_POSITION or any(part.get(key) for key in OTHER_IF_SET):
            return False
        return all(_is_plain(value) for key, value in part.items() if key not in SKIPPED_KEYS)
    if isinstance(part, list | tuple):
        return all(_is_plain(value) for value in part)
    return True


def _is_required(field: Any) -> bool:
    return bool(field["type"] != "default")


def _cell(field: Any, config: CoreConfig) -> CoreSchema | None:
    """A field's schema that takes null for an empty cell; None where there is none."""
    if not _is_required(field):
        has_none = "default" in field and field["default"] is None
        return core_schema.nullable_schema(field["schema"]) if has_none else None
    if _takes_none(field, config):
        return None
    quick = field.get("metadata", {}).get(METADATA_KEY)
    return core_schema.union_schema([quick, field], mode="left_to_right") if quick else field


def _takes_none(field: CoreSchema, config: CoreConfig) -> bool:
    """Whether a required field would take an empty cell for a value."""
    try:
        SchemaValidator(field, config).validate_python(None)
    except ValidationError:
        return False
    except Exception:  # a validator that does not expect None: by name it is never given one
        return True
    return True
