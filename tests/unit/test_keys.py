"""The key of the record that a row is about is told from its cells, or not at all."""

from datetime import date
from typing import Annotated

import pytest
from pydantic import AfterValidator

from importer.record_types import RecordType, RecordTypes, RowSchema
from importer.record_types.keys import RowKey
from importer.record_types.mappings import mapping_of


def raises(text: str) -> str:
    raise ZeroDivisionError(text)


class ReadingRow(RowSchema):
    meter: str
    day: date
    amount: int | None = None
    odd: Annotated[str, AfterValidator(raises)] = ""


class Readings(RecordType):
    name = "readings"
    label = "Readings"
    key = ("meter", "day")
    schema = ReadingRow


class Odd(Readings):
    key = ("odd",)


def key_of(record_type, columns, cells, told=None):
    return RowKey(record_type, mapping_of(record_type, columns, told)).of(cells)


@pytest.mark.parametrize(
    ("cells", "key"),
    [
        (["Ann@Example.COM ", "Ann"], ("ann@example.com",)),
        (["ann@example.com", ""], ("ann@example.com",)),
        (["ann@example.com"], ("ann@example.com",)),
        (["nonsense", "Ann"], None),
        (["", "Ann"], None),
        ([], None),
    ],
)
def test_a_key_is_what_the_checks_of_its_field_make_of_the_cell_whatever_else_is_wrong(cells, key):
    assert key_of(RecordTypes()["contacts"], ["email", "name"], cells) == key


def test_a_key_of_several_fields_has_each_as_postgres_reads_it():
    columns = ["amount", "day", "meter"]
    assert key_of(Readings(), columns, ["x", "2024-01-31", " m1 "]) == ("m1", "2024-01-31")
    assert key_of(Readings(), columns, ["1", "2024-02-31", "m1"]) is None


def test_a_cell_that_is_read_by_the_mapping_is_read_so_here():
    reading = {"kind": "date", "date_order": "dmy"}
    fills = [{"field": "meter", "columns": [0]}, {"field": "day", "columns": [1], "reading": reading}]
    told = {"fills": fills, "clears": False}
    assert key_of(Readings(), ["meter", "day"], ["m1", "31.01.2024"], told) == ("m1", "2024-01-31")
    assert key_of(Readings(), ["meter", "day"], ["m1", "01.31.2024"], told) is None


def test_a_check_that_breaks_off_tells_no_key():
    assert key_of(Odd(), ["odd"], ["x"]) is None
