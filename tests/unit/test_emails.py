"""The quick way of recognising an address takes just what pydantic's own takes."""

import json
import random

import pytest
from pydantic import BaseModel, EmailStr, ValidationError
from pydantic_core import SchemaValidator

from importer.record_types import RowSchema
from importer.record_types.checks import Email
from importer.record_types.positional import cells_schema, schema_config

LABELS = [
    "a",
    "Ann",
    "0",
    "x-y",
    "-x",
    "x-",
    "x--y",
    "xn--mnchen-3ya",
    "münchen",
    "a_b",
    "a+b",
    "é",
    "\u212a",
    "o'x",
]
LABELS += ["n" * 63, "n" * 64, ""]
TOP_LEVELS = ["com", "de", "c", "COM", "com1", "1", "test", "local", "localhost", "onion", "arpa", "invalid"]
TOP_LEVELS += ["example", "xn--p1ai", "рф", "com.", ""]
FORMS = ["{0}@{1}.{4}", "{0}.{1}@{2}.{3}.{4}", "{0}@{4}", "{0}@{1}@{2}.{4}", " {0}@{1}.{4} ", "Ann <{0}@{1}.{4}>"]
FORMS += ["{0}@{1}.{4}\n", "{0}{1}{2}{3}@{1}.{4}", "{0}@{1}.{2}.{3}.{1}.{4}"]


class Quick(BaseModel):
    email: Email


class Pydantics(BaseModel):
    email: EmailStr


def read(model: type[BaseModel], address: str) -> str:
    """The address in lower case, or why it is none."""
    try:
        return str(model(email=address).email).lower()
    except ValidationError as error:
        return error.errors()[0]["ctx"]["reason"].removesuffix(".").lower()


def addresses():
    chance = random.Random(1)
    for _ in range(4000):
        parts = [chance.choice(LABELS) for _ in range(4)]
        yield chance.choice(FORMS).format(*parts, chance.choice(TOP_LEVELS))


def test_it_reads_every_address_as_pydantic_does():
    read_by_both = [(read(Quick, address), read(Pydantics, address)) for address in addresses()]
    assert [quick for quick, _ in read_by_both] == [pydantics for _, pydantics in read_by_both]
    right = sum("@" in quick and " " not in quick for quick, _ in read_by_both)
    assert 200 < right < 3800


class QuickRow(RowSchema):
    email: Email


def by_position(address: str) -> str | None:
    try:
        return FIRST_CELL.validate_json(json.dumps([address]))[0]
    except ValidationError:
        return None


FIRST_CELL = SchemaValidator(cells_schema(QuickRow, ["email"]), schema_config(QuickRow))


def test_by_position_it_takes_the_same_addresses():
    for address in addresses():
        try:
            by_name = QuickRow(email=address).email
        except ValidationError:
            by_name = None
        assert by_position(address) == by_name, address


@pytest.mark.parametrize("address", ["ann@example.com", "a.b+c@mail-1.example.co.uk"])
def test_a_plain_address_is_taken_without_asking_pydantic(address, monkeypatch):
    monkeypatch.setattr("importer.record_types.checks.validate_email", None)
    assert Quick(email=address.upper()).email == address
    monkeypatch.setattr("importer.record_types.checks.is_plain_email", None)
    assert by_position(address.upper()) == address
