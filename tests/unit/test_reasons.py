"""Why a value does not fit its field is told in our words, with what to do (docs/failed-rows.md)."""

import re
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal, get_args
from uuid import UUID

import pytest
from pydantic import AfterValidator, AnyUrl, Field, FutureDate, IPvAnyAddress, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ErrorType

from importer.files.cells.chain import Fault
from importer.files.cells.outcomes import FAULTS
from importer.files.problems import PROBLEMS
from importer.ledger.failures import Attempt
from importer.record_types import RowSchema, codes
from importer.record_types.reasons import MAX_SHOWN, REASONS
from jobs.rows.outcomes import MAX_FAULTS, from_faults

DOCS = Path(__file__).parents[2] / "docs/failed-rows.md"


class Colour(Enum):
    RED, BLUE = "red", "blue"


def refuse(text: str) -> str:
    raise ValueError("should be Something else.")


def refuse_in_own_words(text: str) -> str:
    raise PydanticCustomError("own_code", "should be {what}", {"what": "better"})


class Row(RowSchema):
    key: str
    amount: Annotated[Decimal, Field(max_digits=6, decimal_places=1, ge=-5, lt=1000)] | None = None
    whole: int | None = None
    ratio: float | None = None
    name: Annotated[str, StringConstraints(min_length=2, max_length=5)] | None = None
    form: Annotated[str, StringConstraints(pattern="^[a-z]+$")] | None = None
    day: date | None = None
    later: FutureDate | None = None
    moment: datetime | None = None
    hour: time | None = None
    flag: bool | None = None
    colour: Colour | None = None
    size: Literal["S", "M"] | None = None
    uuid: UUID | None = None
    site: AnyUrl | None = None
    host: IPvAnyAddress | None = None
    own: Annotated[str, AfterValidator(refuse)] | None = None
    owned: Annotated[str, AfterValidator(refuse_in_own_words)] | None = None


def failure_of(faults=(), **cells):
    with pytest.raises(ValidationError) as error:
        Row.model_validate(cells)
    return from_faults(Attempt(1, 2, [], None), faults, error.value)


SENTENCES = [
    ("amount", "x", "invalid_number", "should be a number such as 1234.56"),
    ("amount", "NaN", "invalid_number", "should be a number such as 1234.56"),
    ("amount", "364.55", "too_many_decimals", "364.55 has two decimals; this field keeps one"),
    ("amount", "12345678", "too_many_digits", "has too many digits; this field keeps six"),
    ("amount", "1234567.5", "too_many_digits", "has too many digits; this field keeps six"),
    ("amount", "1000", "out_of_range", "should be less than 1000"),
    ("amount", "-6", "out_of_range", "should be at least -5"),
    ("whole", "1.5", "invalid_number", "should be a whole number such as 12"),
    ("ratio", "x", "invalid_number", "should be a number such as 1234.56"),
    ("name", "abcdefghij", "too_long", "has 10 characters; this field keeps five"),
    ("name", "a", "too_short", "has one character; this field asks for at least two"),
    ("form", "A", "invalid_value", "does not have the form that this field asks for"),
    ("day", "31.12.2024", "invalid_date", "should be a date such as 2026-01-31"),
    ("day", "2024-02-30", "invalid_date", "should be a date such as 2026-01-31"),
    ("day", "2024-02-01T10:00", "invalid_date", "has a time of day; this field keeps the date only"),
    ("later", "2001-01-01", "out_of_range", "should be a date in the future"),
    ("moment", "x", "invalid_time", "should be a date and time such as 2026-01-31 14:30"),
    ("hour", "x", "invalid_time", "should be a time such as 14:30"),
    ("flag", "perhaps", "invalid_yes_no", "should be yes or no"),
    ("colour", "green", "invalid_choice", "should be 'red' or 'blue'"),
    ("size", "L", "invalid_choice", "should be 'S' or 'M'"),
    ("uuid", "x", "invalid_id", "should be a UUID such as 7d444840-9dc0-11d1-b245-5ffdce74fad2"),
    ("site", "x", "invalid_address", "should be a web address such as https://example.com"),
    ("host", "x", "invalid_address", "should be a network address such as 192.0.2.1"),
    ("own", "x", "invalid_value", "should be Something else"),
    ("owned", "x", "own_code", "should be better"),
]


@pytest.mark.parametrize(("field", "cell", "code", "sentence"), SENTENCES)
def test_what_does_not_fit_is_told_in_our_words(field, cell, code, sentence):
    failure = failure_of(key="k", **{field: cell})
    assert (failure.column, failure.code, failure.message) == (field, code, sentence)


def test_a_sentence_repeats_no_more_of_a_cell_than_can_be_read():
    failure = failure_of(key="k", amount="0." + "1" * 500)
    assert failure.code in ("too_many_decimals", "too_many_digits")
    assert len(failure.message) < MAX_SHOWN + 80


def test_every_field_at_fault_is_told_once_the_cells_before_the_values():
    faults = [("amount", Fault("ambiguous_number", "should be a number with one reading"))]
    failure = failure_of(faults, amount="1,5", day="x")
    assert (failure.code, failure.column) == ("ambiguous_number", "amount")
    assert failure.message == (
        "amount: should be a number with one reading; key: a value is required;"
        " day: should be a date such as 2026-01-31"
    )


def test_of_very_many_fields_at_fault_the_first_five_are_told():
    failure = failure_of(amount="x", whole="x", ratio="x", day="x", moment="x", hour="x")
    assert failure.message.count(":") == 5
    assert failure.message.endswith("; and 2 more")


def test_every_name_in_the_table_is_one_of_pydantics():
    of_addresses = {"ip_any_address", "ip_v4_address", "ip_v6_address"}
    assert REASONS.keys() <= {*get_args(ErrorType), *of_addresses}


def test_every_code_is_in_the_documentation_and_no_other():
    documented = dict(re.findall(r"^\| `([a-z0-9_]+)` \| (.+) \|$", DOCS.read_text(), re.MULTILINE))
    assert documented == codes.MEANINGS
    assert (codes.READINGS.keys(), codes.LINES.keys()) == (FAULTS.keys(), PROBLEMS.keys())
    assert {code for code, _ in REASONS.values()} <= codes.VALUES.keys()


def test_only_what_code_or_the_table_refuses_may_pass_as_it_is():
    may = [
        code
        for code in (*codes.MEANINGS, "own_code", "database_23505", "database_22003")
        if codes.may_pass_unchanged(code)
    ]
    assert may == [*codes.CODE, "database_23505"]


def test_every_fault_of_a_row_is_kept_up_to_the_twentieth_and_none_where_there_is_one_only():
    assert failure_of(key="k", day="x").faults is None
    assert failure_of(day="x").faults == [
        ("key", "missing_value", "a value is required"),
        ("day", "invalid_date", "should be a date such as 2026-01-31"),
    ]
    many = [(f"field{number}", Fault("not_a_date", "should be a date")) for number in range(30)]
    assert len(failure_of(many).faults) == MAX_FAULTS
