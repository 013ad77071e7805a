"""Files of failed rows: no spreadsheet runs their cells, and what is read back is what was written."""

import csv
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import RefusedFileError
from importer.files.conversion.lines import ConversionLimits
from importer.files.exports import xlsx_writer
from importer.files.exports.columns import layout_of, names_of, own_names
from importer.files.exports.corrected_file import rows_of
from importer.files.exports.csv_writer import csv_of
from importer.files.exports.safe_cells import CELL_UNITS, UNWRITABLE, read_back, written, written_row
from importer.files.exports.verdicts import KeptRow, verdict_of
from importer.files.exports.xlsx_writer import xlsx_of
from importer.files.problems import CUT, Limits, Problem

RUN = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
NASTY = st.sampled_from(f"{RUN}'\" ,;\\x0fcu_5D<&>\0\udcfc\ud800\ufeff\x01\x1a\U0001f600\u2028")
TEXTS = st.text(NASTY | st.characters(), max_size=12)
ID = "abcdefghijkm"
HEADER = ["email", "na;me", "row", ""]
WRITERS = pytest.mark.parametrize("write", [csv_of, xlsx_of])


@given(TEXTS)
def test_no_written_cell_begins_as_a_formula_or_cannot_be_written(text):
    cell = written(text)
    assert cell[:1] not in tuple(RUN)
    assert cell.encode("utf-8") is not None


@given(st.lists(TEXTS, max_size=4))
def test_a_row_is_written_as_its_cells_are(cells):
    assert written_row(cells) == list(map(written, cells))


@given(TEXTS)
def test_what_is_read_back_is_what_was_written(text):
    assert read_back(written(text), text) == text
    if not UNWRITABLE.search(text):
        assert read_back(written(text), "another") == text


@pytest.mark.parametrize("text", ["-5", "'-5", "''=1", "'tis", "\ufeff=1", " =1", "plain", "", "'"])
def test_an_apostrophe_is_taken_away_just_where_one_was_put(text):
    assert read_back(written(text), "another") == text


def test_a_spreadsheet_may_alter_line_ends_and_cut_long_cells():
    assert read_back("a\nb", "a\r\nb") == "a\r\nb"
    long = "é" * (CELL_UNITS + 10)
    assert read_back(long[:CELL_UNITS], long) == long


def rows_read(data, header=HEADER):
    return list(rows_of(io.BytesIO(data), header, ConversionLimits()))


def line(*cells, number="7", attempt="1", import_id=ID):
    return [*map(written, cells), number, "9", "email", "code", "why", attempt, import_id]


@WRITERS
@given(cells=st.lists(TEXTS, min_size=4, max_size=4))
def test_the_cells_of_a_file_come_back_whatever_they_hold(write, cells):
    (row,) = rows_read(b"".join(write(names_of(HEADER), [line(*cells)])))
    assert (row.row_number, row.attempt, row.import_id) == (7, 1, ID)
    kept = KeptRow(cells, None, 1, is_discarded=False, last_correction=0, is_ours=False)
    assert verdict_of(row, ID, kept, Limits(4, 10_000, 10_000)).kind == "unchanged"


def test_a_csv_is_utf_8_with_a_mark_and_as_rfc_4180_says():
    data = b"".join(csv_of(["a", "b"], [['x"y', "1\n2"]]))
    assert data == b'\xef\xbb\xbf"a","b"\r\n"x""y","1\n2"\r\n'
    assert list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))) == [["a", "b"], ['x"y', "1\n2"]]


def test_a_workbook_without_a_row_has_its_header():
    data = b"".join(xlsx_of(["a", "b"], []))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert b">a</t>" in archive.read("xl/worksheets/sheet1.xml")


def test_rows_that_a_sheet_does_not_hold_go_on_in_the_next_and_all_come_back(monkeypatch):
    monkeypatch.setattr(xlsx_writer, "ROWS_PER_SHEET", 4)
    lines = [line("a", "b", "c", "d", number=str(number)) for number in range(1, 9)]
    data = b"".join(xlsx_of(names_of(HEADER), lines))
    assert [row.row_number for row in rows_read(data)] == list(range(1, 9))


def test_texts_in_a_workbook_keep_their_zeros_and_are_no_formulas():
    data = b"".join(xlsx_of(["a"], [["0049"], ["=1+1"]]))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert ">0049</t>" in sheet
    assert "<f>" not in sheet


def test_our_columns_get_another_name_where_the_file_has_theirs():
    assert own_names(["Row", "row (2)", "import"])["row"] == "row (3)"
    assert own_names(["Row", "row (2)", "import"])["import"] == "import (2)"
    assert own_names(["email"])["attempt"] == "attempt"


def test_columns_are_found_in_any_order_and_blank_or_repeated_names_by_their_place():
    header = ["a", "", "a"]
    names = ["import", "", "a", "a", "attempt", "row", "", ""]
    layout = layout_of(names, header)
    assert (layout.cells, layout.width) == ([2, 1, 3], 6)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["email", "row"], "“attempt”, “import”"),
        (["row", "attempt", "import"], "“email”"),
        (["email", "row", "attempt", "import", "more"], "“more”"),
    ],
)
def test_a_file_with_other_columns_is_refused_by_their_names(names, told):
    with pytest.raises(RefusedFileError, match=told):
        layout_of(names, ["email"])


def test_a_title_above_the_names_does_no_harm():
    data = b"Corrected by Ann\n\n" + b"".join(csv_of(names_of(HEADER), [line("a", "b", "c", "d")]))[3:]
    assert [row.cells for row in rows_read(data)] == [["a", "b", "c", "d"]]


@pytest.mark.parametrize("number", ["", "x", "0", "-1", "99999999999", "7.5"])
def test_a_row_number_that_is_none_is_told(number):
    (row,) = rows_read(b"".join(csv_of(names_of(HEADER), [line("a", "b", "c", "d", number=number)])))
    assert verdict_of(row, ID, None, Limits(4, 1000, 1000)).kind == "unreadable"


def test_a_row_of_which_only_the_beginning_was_kept_is_not_corrected():
    (row,) = rows_read(b"".join(csv_of(names_of(HEADER), [line("a", "b", "c", "d")])))
    kept = KeptRow(["x"], Problem("record_too_long", f"Too long.{CUT}"), 1, False, 0, is_ours=False)
    assert verdict_of(row, ID, kept, Limits(4, 1000, 1000)).kind == "refused"
