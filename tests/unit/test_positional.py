"""Rows checked by the position of their cells end as those checked by name do."""

import json
from decimal import Decimal
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import SchemaValidator

from importer.record_types import RecordTypes, RowSchema
from importer.record_types.airports import Airports
from importer.record_types.contacts import Contacts
from importer.record_types.positional import cells_schema, schema_config

TYPES = {"contacts": Contacts(), "airports": Airports()}
CELLS = st.one_of(
    st.sampled_from(["", " ", "a@example.com", "Ann", "2024-02-29", "2024-02-30", "12.50", "1e3", "-0", "EDDF"]),
    st.sampled_from(["DE", " DE ", "91", "90", "true", "1_000", "x" * 300, "\u00a0a", "ÄÖ", '"', "\\", "\n", "٣"]),
    st.text(max_size=8, alphabet=st.characters(exclude_categories=["Cs"])),
)


def by_name(record_type, columns, cells):
    named = {name: cell for name, cell in zip(columns, cells, strict=True) if name and cell}
    try:
        values = record_type.validate(named)
    except ValidationError:
        return None
    return [None if name is None else values[name] for name in columns]


def by_position(record_type, columns, cells):
    schema = record_type.cells_schema(columns)
    assert schema is not None
    validator = SchemaValidator(schema, schema_config(record_type.schema))
    try:
        values = validator.validate_json(json.dumps([cell or None for cell in cells]))
    except ValidationError:
        return None
    return [None if name is None else value for name, value in zip(columns, values, strict=True)]


@pytest.mark.parametrize("name", TYPES)
@given(data=st.data())
def test_whatever_the_cells_hold_both_ways_accept_and_refuse_the_same(name, data):
    record_type = TYPES[name]
    optional = [column.name for column in record_type.fields if not column.required]
    columns = [column.name for column in record_type.fields if column.required]
    columns += [*data.draw(st.lists(st.sampled_from(optional), unique=True)), None]
    columns = data.draw(st.permutations(columns))
    cells = data.draw(st.lists(CELLS, min_size=len(columns), max_size=len(columns)))
    assert by_position(record_type, columns, cells) == by_name(record_type, columns, cells)


class Plain(RowSchema):
    key: str
    amount: Decimal | None = None


class WithDefault(Plain):
    amount: Decimal = Decimal(0)


class WithModelCheck(Plain):
    @model_validator(mode="after")
    def check(self):
        return self


class WithFieldsThatLookAtEachOther(Plain):
    @field_validator("amount")
    @classmethod
    def check(cls, value, info):
        return value if info.data.get("key") else None


class WithNoneForARequiredField(RowSchema):
    key: str | None


class WithStrictField(Plain):
    amount: Annotated[int, Field(strict=True)] | None = None


class WithChoice(Plain):
    amount: Decimal | str | None = None


class WithAlias(Plain):
    amount: Decimal | None = Field(default=None, alias="sum")


class WithStrictConfig(Plain):
    model_config = ConfigDict(strict=True)


class WithCheckedDefaults(Plain):
    model_config = ConfigDict(validate_default=True)


class WithOwnStart(Plain):
    def __init__(self, **values):
        super().__init__(**values)


class WithCheckThatExpectsText(RowSchema):
    key: Annotated[object, AfterValidator(len)]


class WithNoneAsDefaultOnly(Plain):
    amount: Decimal = None


def test_an_empty_cell_is_the_default_none_whatever_the_type_says():
    schema = cells_schema(WithNoneAsDefaultOnly, ["key", "amount"])
    assert SchemaValidator(schema).validate_json('["a", null]') == ("a", None)


def test_a_plain_schema_is_checked_by_position():
    assert cells_schema(Plain, ["key", "amount"]) is not None
    assert cells_schema(Plain, ["key"]) is not None


@pytest.mark.parametrize(
    "schema",
    [
        WithDefault,
        WithModelCheck,
        WithFieldsThatLookAtEachOther,
        WithNoneForARequiredField,
        WithStrictField,
        WithChoice,
        WithAlias,
        WithStrictConfig,
        WithCheckedDefaults,
        WithOwnStart,
        WithCheckThatExpectsText,
    ],
)
def test_a_schema_that_says_more_than_its_cells_is_checked_by_name(schema):
    assert cells_schema(schema, list(schema.model_fields)) is None


def test_a_file_without_a_required_column_is_checked_by_name():
    assert cells_schema(Plain, ["amount"]) is None


def test_a_type_that_checks_rows_itself_is_asked():
    class Lenient(Contacts):
        def validate(self, cells):
            return {"email": "a@example.com"}

    class Saving(Contacts):
        def save(self, connection, rows, origin):
            return super().save(connection, rows, origin)

    assert Lenient().cells_schema(["email", "name"]) is None
    assert Saving().cells_schema(["email", "name"]) is None
    assert RecordTypes()["contacts"].cells_schema(["email", "name"]) is not None
