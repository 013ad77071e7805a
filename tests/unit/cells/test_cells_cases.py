"""Columns of small files as people have them, read as a person expects, or failing in words.

The files are no part of the project; they are read from `shared/cases` beside the checkout, if they are there.
"""

import csv
from pathlib import Path

import pytest

from importer.files.cells.chain import reader_of
from importer.files.cells.evidence import decide

CASES = Path(__file__).parents[4] / "shared" / "cases"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="no shared/cases beside the checkout")

COLUMNS = [
    ("03-invisible-in-cells", "company", "text", ["ACME", "ACME", "ACME", "ACME", None]),
    ("05-semicolons-decimal-comma", "balance", "decimal", ["1234.50", "-0.99"]),
    ("07-thousands-dot", "balance", "decimal", ["1500.25", "1500", "2000000", "12.34"]),
    ("08-thousands-space", "balance", "decimal", "decimal_mark"),
    ("09-phone-scientific", "phone", "phone", ["4.91512E+12", "491512345678", "+49 151 2345678"]),
    ("26-accounting-amounts", "balance", "decimal", ["-12.50", "12.50", "-12.50", "12.50", "-12.50", "12.50"]),
    ("32-zero-dates", "signup_date", "date", [None, None, None, "2024-03-05"]),
    ("35-excel-serial-dates", "signup_date", "date", ["2024-01-31", "time_of_day", "not_a_date"]),
    ("44-lower-case-codes", "country", "country", "words"),
    ("45-precise-coordinates", "lat", "decimal", ["50.026421987", "89.9999999", "5.00264219E+01"]),
    ("54-smart-quotes", "name", "text", ["Ana Silva", "Bo Oun", "Cy Dee"]),
    ("56-cells-of-blanks", "balance", "decimal", [None, None, None, None]),
    ("58-round-thousands", "balance", "decimal", "decimal_mark"),
]
"""File, column, kind, and what its cells are: texts, the codes of their faults, or the part that is asked."""


@pytest.mark.parametrize(("name", "column", "kind", "expected"), COLUMNS, ids=[case for case, *_ in COLUMNS])
def test_a_column_is_read_as_a_person_expects(name, column, kind, expected):
    cells = column_of(CASES / f"{name}.csv", column)
    decision = decide(kind, list(enumerate(cells, 2)))
    if isinstance(expected, str):
        assert decision.open == (expected,)
        return
    outcomes = [reader_of(decision.reading)(cell) for cell in cells]
    assert [outcome.fault.code if outcome.fault else outcome.text for outcome in outcomes][
        : len(expected)
    ] == expected


def test_a_column_with_the_day_first_is_read_so_from_its_first_row():
    cells = column_of(CASES / "34-day-month-order.csv", "signup_date")
    decision = decide("date", list(enumerate(cells, 2)), earliest_year=1950, latest_year=2049)
    texts = [reader_of(decision.reading)(cell).text for cell in cells]
    assert texts == ["2024-04-03", "2024-05-04", "2024-12-31", "2024-01-05", "20240305", "2024-03-05"]
    assert reader_of(decision.reading)(cells[4]).fault is not None


def column_of(path: Path, column: str) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        delimiter = ";" if ";" in file.readline() else ","
        file.seek(0)
        return [row[column] or "" for row in csv.DictReader(file, delimiter=delimiter)]
