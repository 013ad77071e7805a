"""A year before 1900 is told, in the sample and in every row, where a field does not say what years it has."""

from datetime import date
from typing import Annotated

import pytest
from openings import opening_of

from importer.control.previews import preview_of
from importer.files.cells.chain import reader_of
from importer.files.cells.evidence import decide
from importer.files.cells.readings import Reading
from importer.files.csv_reader import Record
from importer.files.inspection import inspect
from importer.files.mapping import Mapping
from importer.record_types import RecordType
from importer.record_types.base import RowSchema
from importer.record_types.fields import Years
from jobs.rows.checks import CheckedRows
from jobs.rows.job import encode_record
from jobs.rows.plan import Plan

ID = "abcdefghijkm"


class PersonRow(RowSchema):
    name: str
    born: date | None = None
    buried: Annotated[date, Years(1500, 2099)] | None = None


class People(RecordType):
    name = "people"
    label = "People"
    key = ("name",)
    schema = PersonRow


FILE = b"name,born,buried\nAda,1815-12-10,1852-11-27\nBo,0024-03-01,\nCy,1900-01-01,1700-01-01\n"
TOLD = (
    "born: 1815-12-10 in line 2 has a year before 1900, the first of 2 in the rows that were looked at. It is"
    " taken as it stands."
)


def noted(cell, **parts):
    outcome = reader_of(Reading("date", notes_early_years=True, **parts))(cell)
    return outcome.text, [tuple(made) for made in outcome.alterations]


def test_an_early_year_is_noted_and_the_value_stays():
    assert noted("0024-03-01") == ("0024-03-01", [("early_year", "0024-03-01", "0024-03-01")])
    assert noted("1899-12-31")[1]
    assert not noted("1900-01-01")[1]


def test_it_is_noted_of_the_date_that_was_read():
    text, made = noted("01.03.1824", date_order="dmy")
    assert (text, [kind for kind, _, _ in made]) == ("1824-03-01", ["date", "early_year"])
    moment = reader_of(Reading("datetime", notes_early_years=True))("0024-03-01 18:30")
    assert moment.alterations[-1].kind == "early_year"


@pytest.mark.parametrize("cell", ["0024-02-31", "", "-", "03/04/0024"])
def test_what_is_no_date_is_not_noted(cell):
    assert "early_year" not in [kind for kind, *_ in noted(cell)[1]]


def test_a_field_that_says_its_years_is_left_to_its_own_check():
    cells = [(2, "0024-03-01")]
    assert decide("date", cells).reading.notes_early_years
    assert not decide("date", cells, earliest_year=1500).reading.notes_early_years
    assert not decide("text", cells).reading.notes_early_years


def test_the_sample_warns_and_the_command_does(tmp_path):
    (tmp_path / "people.csv").write_bytes(FILE)
    assert inspect(tmp_path / "people.csv", None, People().fields)["warnings"] == [TOLD]


def test_the_sample_of_a_converted_file_warns_too(tmp_path):
    (tmp_path / "people.json").write_bytes(b'{"name": "Bo", "born": "0024-03-01"}\n{"name": "Cy", "born": ""}\n')
    (told,) = inspect(tmp_path / "people.json", None, People().fields)["warnings"]
    assert told.startswith("born: 0024-03-01 in line 1 has a year before 1900, the only one in the rows")


def test_what_is_kept_of_the_file_has_the_warning_and_the_preview_shows_it():
    opening = opening_of(FILE, People().fields)
    assert opening.as_json()["warnings"] == [TOLD]
    cell = preview_of(People(), opening.proposal)[1].cells[1]
    assert (cell.text, cell.how, cell.fault) == ("0024-03-01", "a year before 1900, taken as it stands", None)


def test_every_row_is_noted_those_beyond_the_sample_too():
    mapping = Mapping.from_json(opening_of(FILE, People().fields).proposal.mapping.as_json())
    plan = Plan(ID, 1, People(), mapping, 3)
    cells = [["Di", "2024-01-01", ""], ["Ed", "1024-01-01", ""]]
    rows = CheckedRows(plan, [encode_record(ID, Record(n, n + 1, row, None)) for n, row in enumerate(cells, 9001)])
    assert len(rows.valid_and_failed([9001, 9002])[0]) == 2
    assert rows.alterations([9001, 9002]) == {
        "born": {9002: (("early_year", "1024-01-01", "1024-01-01"),)},
    }
