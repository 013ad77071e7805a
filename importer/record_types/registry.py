"""Finds record types by name: those of the package, and those that the setting RECORD_TYPES names."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator

from importer.errors import SettingsError, UnknownRecordTypeError
from importer.models import ImportedRecord
from importer.record_types.base import RecordType

BUILT_IN = ("importer.record_types.airports:Airports", "importer.record_types.contacts:Contacts")
NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


class RecordTypes:
    """Every record type of this process, by name."""

    def __init__(self, import_paths: Iterable[str] = ()) -> None:
        self._by_name: dict[str, RecordType] = {}
        for path in (*BUILT_IN, *import_paths):
            self._add(path, _load(path))

    def __getitem__(self, name: str) -> RecordType:
        """The record type of that name.

        Raises:
            UnknownRecordTypeError: naming those there are.
        """
        self.require(name)
        return self._by_name[name]

    def require(self, name: str) -> None:
        """Refuse a name that no record type has.

        Raises:
            UnknownRecordTypeError: naming those there are.
        """
        if name not in self._by_name:
            known = ", ".join(sorted(self._by_name))
            raise UnknownRecordTypeError(f"There is no record type {name!r}. There are: {known}.")

    def __iter__(self) -> Iterator[RecordType]:
        return iter(self._by_name.values())

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def _add(self, path: str, record_type: RecordType) -> None:
        if record_type.name in self._by_name:
            raise SettingsError(
                f"RECORD_TYPES: {path} is named {record_type.name!r}, and so is another record type."
            )
        self._by_name[record_type.name] = record_type


def _load(path: str) -> RecordType:
    module_name, _, class_name = path.partition(":")
    try:
        loaded = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(
            f"RECORD_TYPES: cannot load {path!r} ({error}). Write it as package.module:Class."
        ) from error
    if not (isinstance(loaded, type) and issubclass(loaded, RecordType)):
        raise SettingsError(f"RECORD_TYPES: {path} is no subclass of importer.record_types.RecordType.")
    record_type = loaded()
    _check(path, record_type)
    return record_type


def _check(path: str, record_type: RecordType) -> None:
    wanted = (
        ["name", "label", "schema"]
        if record_type.saves_row_by_row
        else ["name", "label", "schema", "model", "key"]
    )
    missing = [name for name in wanted if not hasattr(record_type, name)]
    if missing:
        raise SettingsError(f"RECORD_TYPES: {path} lacks {', '.join(missing)}.")
    if not NAME.fullmatch(record_type.name):
        raise SettingsError(f"RECORD_TYPES: {path}: the name {record_type.name!r} is not lower_case_letters.")
    required = {field.name for field in record_type.fields if field.required}
    optional_keys = [name for name in getattr(record_type, "key", ()) if name not in required]
    if optional_keys:
        raise SettingsError(
            f"RECORD_TYPES: {path}: the key column {optional_keys[0]!r} must be required in the schema."
        )
    if not record_type.saves_row_by_row and type(record_type).save is RecordType.save:
        _check_table(path, record_type)


def _check_table(path: str, record_type: RecordType) -> None:
    """Refuse a table on which the upsert would fail row after row."""
    if not issubclass(record_type.model, ImportedRecord):
        raise SettingsError(f"RECORD_TYPES: {path}: its model lacks importer.models.ImportedRecord as a base.")
    lacking = [name for name in record_type.schema.model_fields if name not in record_type.model.__table__.c]
    if lacking:
        raise SettingsError(f"RECORD_TYPES: {path}: its table lacks the schema's {', '.join(lacking)}.")
