"""Small files as people have them come out as a person expects, or fail or ask in words; none is wrong in silence.

The files are no part of the project; they are read from `shared/cases` beside the checkout, if they are there.
What an import makes of some of them in the database is in `tests/integration/jobs/test_cases_in_database.py`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pure_imports import Outcome, outcome_of

from importer.errors import RefusedFileError
from importer.files.inspection import inspect
from importer.record_types import RecordType, RecordTypes

CASES = Path(__file__).parents[3] / "shared" / "cases"

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason=f"no {CASES.parent.name}/{CASES.name} beside the checkout"
)


class Case(NamedTuple):
    """What a person expects of a file.

    Attributes:
        passed: how many rows pass their checks.
        value: of the row at this place among them the value of a field, as a text; None: no row passes.
        failed: by line, why the others fail.
        answers: to the questions that are asked before any row is read, which are these and no others.
        altered: what is told to be read otherwise than it stands: fields and kinds.
    """

    passed: int
    value: tuple[int, str, str] | None = None
    failed: Mapping[int, str] = {}
    answers: Mapping[str, Any] = {}
    altered: tuple[str, ...] | list[str] = ()
    record_type: str = "contacts"


READ = {
    "01-bom-quoted-header.csv": Case(2, (0, "company", "Café Größe"), altered=["phone no_value"]),
    "03-invisible-in-cells.csv": Case(
        5, (1, "email", "c03.ana@example.com"), altered=["company invisible", "email invisible", "name invisible"]
    ),
    "04-no-break-spaces.csv": Case(
        2,
        (0, "email", "c04.ana@example.com"),
        altered=["balance blanks_around", "email blanks_around", "name blanks_around"],
    ),
    "05-semicolons-decimal-comma.csv": Case(2, (1, "balance", "-0.99"), altered=["balance decimal_mark"]),
    "06-sep-line.csv": Case(2, (0, "phone", "0301")),
    "07-thousands-dot.csv": Case(4, (1, "balance", "1500"), altered=["balance decimal_mark", "balance thousands"]),
    "08-thousands-space.csv": Case(
        2,
        (0, "balance", "10237.65"),
        failed={4: "other_decimal_mark", 5: "other_decimal_mark", 6: "other_decimal_mark"},
        answers={"decimal_mark-3": ","},
        altered=["balance thousands"],
    ),
    "09-phone-scientific.csv": Case(
        2, (0, "phone", "491512345678"), failed={2: "invalid_phone"}, altered=["phone point_zero"]
    ),
    "11-space-before-quote.csv": Case(3, (1, "company", "Oun, Sons & Co")),
    "12-space-after-quote.csv": Case(2, (0, "company", "ACME")),
    "13-year-0024.csv": Case(
        2,
        (1, "signup_date", "2024-03-05"),
        failed={2: "invalid_date", 3: "invalid_date"},
        answers={"date_order-3": "ymd", "century-3": "2000"},
        altered=["signup_date date"],
    ),
    "14-a-first-full.csv": Case(2, (0, "balance", "12.50")),
    "14b-b-then-sparse.csv": Case(2, (1, "company", "Oun GmbH")),
    "15-windows-1252.csv": Case(4, (1, "name", "Jürgen Groß")),
    "17-required-asterisks.csv": Case(2, (1, "phone", "0302")),
    "18-near-miss-headers.csv": Case(
        2, (0, "signup_date", "2024-01-31"), answers={"column-5": "signup_date", "column-6": "balance"}
    ),
    "19-duplicate-unused-columns.csv": Case(2, (0, "name", "Ana Silva")),
    "20-trailing-comma-header-only.csv": Case(2, (1, "phone", "0302")),
    "21-trailing-comma-rows-only.csv": Case(2, (1, "phone", "0302"), failed={4: "too_many_cells"}),
    "23-blank-rows.csv": Case(3, (2, "email", "c23.cy@example.com")),
    "23b-twelve-thousand-blank-rows.csv": Case(3, (2, "email", "c23b.cy@example.com")),
    "24-preamble.csv": Case(2, (0, "email", "c24.ana@example.com")),
    "25-whole-lines-quoted.csv": Case(2, (1, "name", "Oun, Bo")),
    "26-accounting-amounts.csv": Case(
        6, (0, "balance", "-12.50"), failed={8: "invalid_amount"}, altered=["balance currency", "balance sign"]
    ),
    "27-mac-carriage-returns.csv": Case(2, (0, "name", "Ana Sílva")),
    "29-quote-swallows-rows.csv": Case(4, (2, "name", "Di Eng"), failed={2: "quote_swallows_rows"}),
    "30-backslash-quotes.csv": Case(7, (2, "company", "Back\\slash\\")),
    "32-zero-dates.csv": Case(
        4, (3, "signup_date", "2024-03-05"), altered=["signup_date blanks_around", "signup_date no_value"]
    ),
    "34-day-month-order.csv": Case(
        5,
        (0, "signup_date", "2024-04-03"),
        failed={6: "not_a_date"},
        answers={"century-3": "2000"},
        altered=["signup_date date"],
    ),
    "35-excel-serial-dates.csv": Case(
        1,
        (0, "signup_date", "2024-01-31"),
        failed={3: "time_of_day", 4: "not_a_date"},
        altered=["signup_date day_number"],
    ),
    "36-case-duplicates.csv": Case(4, (2, "email", "c36.ana@example.com")),
    "37-same-file-twice.csv": Case(2, (0, "phone", "0301")),
    "38-utf16-unicode-text.csv": Case(1, (0, "company", "Müller, Co")),
    "39-html-as-xls.xls": Case(1, (0, "name", "Ana, Silva")),
    "40-workbook.xlsx": Case(2, (0, "phone", "0049301"), answers={"sheet": "Contacts"}),
    "40c-ods.ods": Case(1, (0, "email", "c40.ods@example.com")),
    "40e-gzip.csv.gz": Case(1, (0, "email", "c40.gz@example.com")),
    "41-browser-types.csv": Case(1, (0, "phone", "0301")),
    "42-ctrl-z.csv": Case(2, (1, "phone", "0302")),
    "43-footer-and-blank-lines.csv": Case(2, (1, "name", "Bo Oun"), answers={"footer": "none"}),
    "44-lower-case-codes.csv": Case(
        5,
        (3, "country", "DE"),
        failed={7: "not_a_country"},
        answers={"words-4": {"Germany": "DE"}},
        altered=["country capitals", "country word", "iata capitals", "icao capitals"],
        record_type="airports",
    ),
    "45-precise-coordinates.csv": Case(
        0, failed={2: "too_many_decimals", 3: "too_many_decimals", 4: "too_many_decimals"}, record_type="airports"
    ),
    "47-address-lists.csv": Case(
        5,
        (0, "email", "c47.ana@example.com"),
        failed={4: "several_addresses", 5: "several_addresses", 6: "several_addresses"},
        altered=["email address"],
    ),
    "48-repair-failed-rows.csv": Case(
        2,
        (0, "company", "Street 1\nTown\nCountry"),
        failed={5: "invalid_email", 7: "missing_value", 8: "other_decimal_mark"},
        answers={"decimal_mark-4": "."},
    ),
    "49-zero-width-in-header.csv": Case(1, (0, "balance", "12.50")),
    "50-header-again.csv": Case(4, (2, "email", "c50.cy@example.com"), failed={4: "repeated_header"}),
    "51-wide-export.csv": Case(2, (0, "name", "Ana Doe")),
    "52-tabs-in-csv.csv": Case(1, (0, "company", "Müller, Co")),
    "53-control-characters.csv": Case(
        3,
        (0, "company", "Street 1\nTown"),
        altered=["company invisible", "company line_break", "name control", "name invisible"],
    ),
    "54-smart-quotes.csv": Case(
        2,
        (0, "name", "Bo Oun"),
        failed={2: "too_many_cells"},
        altered=["company quotes_around", "name quotes_around"],
    ),
    "56-cells-of-blanks.csv": Case(4, (0, "name", "Ana Silva")),
    "57-special-to-the-database.csv": Case(9000, (8, "company", "back\\"), answers={"no_values-3": "no"}),
    "58-round-thousands.csv": Case(
        4, (3, "balance", "250000"), answers={"decimal_mark-4": ","}, altered=["balance thousands"]
    ),
    "60-cr-cr-lf.csv": Case(2, (1, "phone", "0302")),
    "61-sixty-thousand-blank-rows.csv": Case(3, (2, "email", "c61.cy@example.com")),
    "62-unnamed-column-with-data.csv": Case(2, (0, "company", "ACME"), answers={"column-3": "company"}),
    "64-shifted-by-a-comma.csv": Case(1, (0, "company", "Oun Ltd"), failed={2: "invalid_phone"}),
}
"""The files that are read."""

REFUSED = {"40d-apple-numbers.csv": "numbers"}
"""The files that are refused, and the code of the refusal."""


def type_of(name: str) -> RecordType:
    return RecordTypes()[READ[name].record_type]


def outcome(name: str, answers: Mapping[str, Any]) -> Outcome:
    return outcome_of((CASES / name).read_bytes(), type_of(name), answers)


def test_no_file_is_left_out():
    assert {path.name for path in CASES.iterdir() if path.suffix != ".md"} == {*READ, *REFUSED}


@pytest.mark.parametrize("name", READ)
def test_these_questions_are_asked_and_no_others(name):
    asked = outcome(name, {})
    assert set(asked.questions) == set(READ[name].answers)
    assert not (asked.questions and asked.rows)


@pytest.mark.parametrize("name", READ)
def test_rows_pass_or_fail_as_a_person_expects_and_what_was_altered_is_told(name):
    case, found = READ[name], outcome(name, READ[name].answers)
    assert (len(found.rows), found.failed) == (case.passed, case.failed)
    assert sorted(f"{field} {kind}" for field, kind in found.altered) == list(case.altered)


@pytest.mark.parametrize("name", [name for name, case in READ.items() if case.value])
def test_values_are_those_that_a_person_sees(name):
    place, field, value = READ[name].value
    assert str(outcome(name, READ[name].answers).rows[place][field]) == value


@pytest.mark.parametrize(("name", "code"), REFUSED.items(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_in_words(name, code):
    with pytest.raises(RefusedFileError) as refused:
        outcome_of((CASES / name).read_bytes(), RecordTypes()["contacts"], {})
    assert refused.value.code == code
    assert inspect(CASES / name, 20)["refused"]["code"] == code


@pytest.mark.parametrize("name", READ)
def test_the_command_has_the_header_and_the_mapping_of_an_upload_within_a_second(name):
    began = time.process_time()
    told = inspect(CASES / name, 20, type_of(name).fields)
    assert time.process_time() - began < 1
    asked = outcome(name, {}).questions
    assert {question["id"] for question in told["questions"]} >= set(asked)
    opening = outcome(name, READ[name].answers).opening
    assert told["header"] == inspect(CASES / name, 20)["header"] == opening.names
    if not asked:
        assert told["mapping"] == opening.proposal.mapping.as_json()


def test_of_amounts_in_two_ways_of_writing_none_is_rounded():
    found = outcome("26-accounting-amounts.csv", {})
    assert [str(row["balance"]) for row in found.rows] == ["-12.50", "12.50", "-12.50", "12.50", "-12.50", "12.50"]


def test_texts_that_are_special_to_a_database_stay_as_they_are():
    found = outcome("57-special-to-the-database.csv", {"no_values-3": "no"})
    assert [row.get("company") for row in found.rows[:5]] == ["\\\\N", "a\\tb", "tab\there", "line\none", "NULL"]


def test_hidden_rows_of_a_workbook_are_told():
    told = outcome("40-workbook.xlsx", {"sheet": "Contacts"}).told
    assert told == ["1 hidden rows are imported like all others, row 3 first."]
