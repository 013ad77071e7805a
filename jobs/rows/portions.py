"""Reads and checks the row jobs of an import, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic_core import CoreConfig, CoreSchema, SchemaValidator, core_schema
from pydantic_core.core_schema import any_schema, int_schema, literal_schema, none_schema, tuple_schema

from importer.files.cells.chain import Alteration, may_need_cleaning
from importer.files.mapping import ReadRows, RowReader
from importer.record_types import RecordType
from importer.record_types.positional import schema_config
from importer.time_limits import CHECK_SECONDS
from jobs.rows.job import FUNCTION, MAX_NUMBER, VERSION, one_each, read_calls
from jobs.rows.time_limit import time_limit

CELLS = core_schema.list_schema(core_schema.nullable_schema(core_schema.str_schema(strict=True)))


@dataclass
class Portion:
    """What some jobs say.

    Attributes:
        values: by row number, of rows that passed their checks.
        alterations: by field, then by row number, what was read otherwise than it stands.
        others: the calls of all other jobs; each is to be looked at by itself.
    """

    values: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    alterations: dict[str, dict[int, tuple[Alteration, ...]]] = field(default_factory=dict)
    others: list[Any] = field(default_factory=list)

    def refuse(self, row_number: int, call: Any) -> None:
        """Take out a row that did not pass: its call is to be looked at."""
        self.values.pop(row_number, None)
        for by_row in self.alterations.values():
            by_row.pop(row_number, None)
        self.others.append(call)


class Portions:
    """Reads the jobs of one import.

    Where the cells of a row are the values of its fields as they stand, rows are checked straight from their jobs'
    JSON. Rows that do not pass there, and all rows of other imports, are read by the mapping first.

    Args:
        fields: the field that each value fills; None where it fills none.
        mapping_fields: those that `reader` reads, in its order.
        is_plain: whether the cells of a row are, in their order, its values.
    """

    def __init__(
        self,
        import_id: str,
        record_type: RecordType,
        fields: Sequence[str | None],
        reader: RowReader,
        mapping_fields: Sequence[str],
        is_plain: bool,
    ) -> None:
        self._reader = reader
        self._places = [None if name is None else mapping_fields.index(name) for name in fields]
        cells = record_type.cells_schema(fields)
        # Cells hardly ever repeat: to look for each in pydantic's cache costs more than it saves.
        config: CoreConfig = {**schema_config(record_type.schema), "cache_strings": "none"}
        self._read_calls = SchemaValidator(_calls_schema(import_id, CELLS), {"cache_strings": "none"})
        self._check_calls = self._check_rows = None
        if cells is not None:
            checked = core_schema.with_default_schema(cells, default=None, on_error="default")
            self._check_rows = SchemaValidator(core_schema.list_schema(checked), config)
        if cells is not None and is_plain:
            self._check_calls = SchemaValidator(_calls_schema(import_id, cells), config)

    @property
    def checks_by_position(self) -> bool:
        """Whether rows are checked by the position of their values; else each is checked by name."""
        return self._check_rows is not None

    def read(self, datas: Sequence[bytes]) -> Portion:
        """Read the plain data of jobs.

        Raises:
            UnreadableJobError: one of them is no JSON.
        """
        if self._check_rows is None:
            return Portion(others=read_calls(datas))
        text = _joined(datas)
        are_clean = not may_need_cleaning(text)
        if self._check_calls is None or not are_clean:
            return self._read_by_mapping(self._check_rows, datas, are_clean)
        try:
            with time_limit(CHECK_SECONDS):
                calls = one_each(self._check_calls.validate_json(text), datas)
        except Exception:  # not UTF-8, or a check that raises or never ends: by name it is said what is wrong
            return Portion(others=read_calls(datas))
        first = [call[2] for call in calls if type(call) is tuple]
        portion = Portion({number: values for _, _, number, _, values, _ in first})
        if len(portion.values) < len(datas):
            failed = [data for call, data in zip(calls, datas, strict=True) if type(call) is not tuple]
            read = self._read_by_mapping(self._check_rows, failed, are_clean=False)
            portion.values |= read.values
            portion.alterations, portion.others = read.alterations, read.others
        return portion

    def _read_by_mapping(self, check: SchemaValidator, datas: Sequence[bytes], are_clean: bool) -> Portion:
        try:
            calls = one_each(self._read_calls.validate_json(_joined(datas)), datas)
        except ValidationError:  # not UTF-8
            return Portion(others=read_calls(datas))
        first = [call for call in calls if type(call) is tuple]
        rows = self._reader.read_all([call[2][4] for call in first], are_clean=are_clean)
        try:
            with time_limit(CHECK_SECONDS):
                values = check.validate_python(self._values_of(rows, len(first)))
        except Exception:  # a check that raises or never ends: by name it is said what is wrong
            return Portion(others=calls)
        refused = rows.faults.keys() | {index for index, found in enumerate(values) if found is None}
        others = [call for call in calls if type(call) is not tuple]
        numbers = [call[2][2] for call in first]
        portion = Portion(dict(zip(numbers, values, strict=True)), _by_number(rows, numbers), others)
        for index in refused:
            portion.refuse(numbers[index], first[index])
        return portion

    def _values_of(self, rows: ReadRows, count: int) -> list[list[str | None]]:
        """The values of each row, in the order of the fields."""
        nothing = [None] * count
        columns = (nothing if place is None else rows.columns[place] for place in self._places)
        return list(map(list, zip(*columns, strict=True)))


def _by_number(rows: ReadRows, numbers: Sequence[int]) -> dict[str, dict[int, tuple[Alteration, ...]]]:
    """The alterations of rows by field and row number."""
    return {
        name: {numbers[index]: altered for index, altered in by_index.items()}
        for name, by_index in rows.alterations.items()
    }


def _joined(datas: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(datas) + b"]"


def _calls_schema(import_id: str, cells: CoreSchema) -> CoreSchema:
    """The data of first attempts as `jobs.rows.job` writes them, each as a tuple; other data as they are."""
    number = int_schema(strict=True, ge=1, le=MAX_NUMBER)
    of_this = [literal_schema([VERSION]), literal_schema([import_id])]
    arguments = tuple_schema([*of_this, number, number, cells, none_schema()])
    no_keywords = core_schema.dict_schema(max_length=0)
    call = tuple_schema([literal_schema([FUNCTION]), none_schema(), arguments, no_keywords])
    return core_schema.list_schema(core_schema.union_schema([call, any_schema()], mode="left_to_right"))
