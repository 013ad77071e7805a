"""The jobs of many rows are read at once, and come to what each row by itself comes to."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.files.cells.readings import Reading
from importer.files.csv_reader import Record
from importer.files.mapping import Fill, Mapping
from importer.record_types import RecordTypes
from jobs.rows.checks import CheckedRows
from jobs.rows.job import encode_record, encode_retry
from jobs.rows.plan import Plan

ID = "abcdefghijkm"
COLUMNS = ("email", "name", None, "signup_date", "balance")
GERMAN = {
    "signup_date": Reading(kind="date", date_order="dmy"),
    "balance": Reading(kind="decimal", decimal_mark=","),
}
CELLS = st.one_of(
    st.sampled_from(["", "a@example.com", "Ann", " Ann ", "2024-02-29", "31.12.2024", "31.02.2024", "12.50"]),
    st.sampled_from(["1.234,56", "1,5", "x" * 300, "\u00a0a", "ÄÖ", '"', "\\", "\n", "\ud800", "NULL", "="]),
)
ROWS = st.lists(st.lists(CELLS, min_size=5, max_size=5), min_size=1, max_size=6)


def plain_mapping():
    kinds = {field.name: field.kind for field in RecordTypes()["contacts"].fields}
    kinds |= {"balance": "decimal"}
    fills = Mapping.of_columns(COLUMNS, kinds).fills
    point = replace(fills[-1], reading=Reading(kind="decimal", decimal_mark="."))
    return Mapping((*fills[:-1], point))


def german_mapping():
    fills = plain_mapping().fills
    return Mapping(tuple(replace(fill, reading=GERMAN.get(fill.field, fill.reading)) for fill in fills))


def parted_mapping():
    return Mapping((Fill("name", (1, 2)), Fill("email", (0,)), Fill("company", (), default="Acme")))


MAPPINGS = {"plain": plain_mapping, "German": german_mapping, "parted": parted_mapping}


def outcome(plan, jobs):
    """Values or code and message of each row, and what was read otherwise."""
    rows = CheckedRows(plan, jobs)
    numbers = rows.row_numbers()
    valid, failures = rows.valid_and_failed(numbers)
    values = {row.row_number: plan.origin.named(row) for row in valid}
    reasons = {failure.attempt.row_number: failure[1:] for failure in failures}
    altered = rows.alterations(row.row_number for row in valid)
    by_cell = {(name, n): tuple(cells) for name, by_row in altered.items() for n, cells in by_row.items()}
    return values, reasons, by_cell


@pytest.mark.parametrize("name", MAPPINGS)
@given(rows=ROWS)
def test_rows_end_alike_together_and_by_themselves(name, rows):
    plan = Plan(ID, 1, RecordTypes()["contacts"], MAPPINGS[name](), len(COLUMNS))
    jobs = [encode_record(ID, Record(n, n + 1, cells, None)) for n, cells in enumerate(rows, start=1)]
    values, reasons, alterations = {}, {}, {}
    for job in jobs:
        of_job = outcome(plan, [job])
        values, reasons, alterations = values | of_job[0], reasons | of_job[1], alterations | of_job[2]
    assert outcome(plan, jobs) == (values, reasons, alterations)
    assert len(values) + len(reasons) == len(rows)


@pytest.mark.parametrize("name", MAPPINGS)
@given(rows=ROWS)
def test_rows_end_alike_by_the_position_of_their_values_and_by_the_names_of_their_fields(name, rows):
    record_type = RecordTypes()["contacts"]
    by_name = RecordTypes()["contacts"]
    by_name.cells_schema = lambda columns: None
    jobs = [encode_record(ID, Record(n, n + 1, cells, None)) for n, cells in enumerate(rows, start=1)]
    plans = [Plan(ID, 1, type_, MAPPINGS[name](), len(COLUMNS)) for type_ in (record_type, by_name)]
    assert outcome(plans[0], jobs) == outcome(plans[1], jobs)


def test_other_jobs_are_handed_back_as_they_are():
    plan = Plan(ID, 1, RecordTypes()["contacts"], german_mapping(), len(COLUMNS))
    row = encode_record(ID, Record(1, 2, ["a@example.com", "Ann", "", "31.12.2024", "1,5"], None))
    portion = plan.read([row, encode_retry(ID, 2, 3, 4), b'"something else"'])
    assert [call if isinstance(call, str) else call[3] for call in portion.others] == [
        {"attempt": 4},
        "something else",
    ]
    assert portion.values.keys() == {1}
    assert {name: by_row.keys() for name, by_row in portion.alterations.items()} == {
        "signup_date": {1},
        "balance": {1},
    }


def test_values_stand_in_the_order_of_the_files_columns_where_cells_are_taken_as_they_stand():
    plan = Plan(ID, 1, RecordTypes()["contacts"], plain_mapping(), len(COLUMNS))
    assert plan.origin.fields == COLUMNS
    assert plan.origin.columns == ("email", "name", "signup_date", "balance")
    parted = Plan(ID, 1, RecordTypes()["contacts"], parted_mapping(), len(COLUMNS))
    assert parted.origin.fields == parted.origin.columns == ("name", "email", "company")
    assert parted.columns == ("email", "name", "name", None, None)
