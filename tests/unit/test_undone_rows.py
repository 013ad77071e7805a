"""Rows that were not imported are written so that a new import reads them as they were, or fails them."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importer.files.cells.cleaning import clean
from importer.files.csv_reader import Record
from importer.files.exports.csv_writer import csv_of
from importer.files.exports.safe_cells import CELL_UNITS
from importer.files.exports.undone_rows import SIGNED, undone_row
from importer.files.exports.xlsx_writer import xlsx_of
from importer.files.problems import Problem

NASTY = st.sampled_from("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20'\"0 \u00a0\u200b\ufeff\u201c\u201d\0\udcfc")
CELLS = st.lists(st.text(NASTY | st.characters(), max_size=8), min_size=1, max_size=3)


def written(*cells, problem=None, width=2, is_for_workbook=False):
    return undone_row(Record(7, 9, list(cells), problem), width, is_for_workbook=is_for_workbook)


@given(CELLS)
@example(["'=x'"])
@example(["''=x"])
@example([" =x"])
@example(["+1'"])
def test_cells_of_a_row_that_is_not_marked_are_read_as_they_were(cells):
    row = written(*cells, width=len(cells))
    if len(row) == len(cells):
        assert [clean(text)[0] for text in row] == [clean(cell)[0] for cell in cells]


@given(st.text(st.sampled_from("=+-@'\"0a ()~!"), max_size=6))
def test_signed_cells_that_are_not_tried_lose_their_mark_and_nothing_else(cell):
    if SIGNED(cell):
        assert clean(f"'{cell}")[0] == clean(cell)[0] == cell


@pytest.mark.parametrize(
    "cell", ["plain", "-12.50", "+49 30", "=1", "'=1", " =1", "\t@a", '="007"', "'90s", "", "'"]
)
def test_what_people_write_needs_no_mark(cell):
    assert len(written(cell, "b")) == 2


@pytest.mark.parametrize("cell", ["'''=1", "+1'", "\udcfcber", "a\0b"])
def test_a_cell_that_cannot_be_written_as_it_was_marks_its_row(cell):
    first, second, mark = written(cell, "b")
    assert second == "b"
    assert mark.startswith("Row 7 in line 9: Cell 1 ")
    assert not first.startswith(("=", "+"))


@pytest.mark.parametrize("cells", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_a_row_that_is_no_sound_one_has_more_cells_than_columns_and_says_why(cells):
    row = written(*cells, problem=Problem("unclosed_quote", "A quote is open."))
    assert len(row) == max(3, len(cells) + 1)
    assert (row[: len(cells)], row[-1]) == (cells, "Row 7 in line 9: A quote is open.")


def test_a_cell_that_a_workbook_cuts_marks_its_row_in_a_workbook_alone():
    long = "x" * (CELL_UNITS + 1)
    assert written(long, "b") == [long, "b"]
    assert "Download these rows as CSV." in written(long, "b", is_for_workbook=True)[-1]
    assert len(written("x" * CELL_UNITS, "b", is_for_workbook=True)) == 2


def test_a_file_without_a_header_gets_none():
    text = b"".join(csv_of([], [["a", "b"]])).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["a", "b"]]
    assert b"".join(xlsx_of([], [["a", "b"]]))[:2] == b"PK"
