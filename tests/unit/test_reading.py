"""What a sound CSV file is read as."""

from __future__ import annotations

import csv
import io

import pytest
from csv_bytes import check_every_resume, physical_lines, read, reader_of
from hypothesis import assume, given
from hypothesis import strategies as st

from importer.files.csv_reader import ROW_CELLS, Position
from importer.files.line_formats import PLAIN

cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8) | st.text(
    '",\r\n \ufeffé', max_size=6
)


@st.composite
def tables(draw) -> list[list[str]]:
    width = draw(st.integers(1, 4))
    return draw(st.lists(st.lists(cells, min_size=width, max_size=width), max_size=6))


def written(table: list[list[str]], line_end: str, quoting: int) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end, quoting=quoting).writerows(table)
    return text.getvalue().encode()


def holds_rows(record, width):
    """Whether all lines within a record of several look like rows: it is taken for one that swallowed them."""
    inner = record.split(b"\n")[1:-2]
    return width >= ROW_CELLS and bool(inner) and all(PLAIN.looks_like_a_row(line, width) for line in inner)


@given(tables(), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_whatever_python_writes_as_csv_is_read_unchanged(table, line_end, quotes_all, has_mark):
    # with LF line ends, Python 3.11 leaves a cell that contains a carriage return unquoted
    quotes_all = quotes_all or ("\r" not in line_end and any("\r" in cell for row in table for cell in row))
    quoting = csv.QUOTE_ALL if quotes_all else csv.QUOTE_MINIMAL
    assume(not any(holds_rows(written([row], line_end, quoting), len(row)) for row in table))
    data = written(table, line_end, quoting)
    if has_mark or data.startswith(b"\xef\xbb\xbf"):
        data = b"\xef\xbb\xbf" + data
    records = check_every_resume(data, width=len(table[0]) if table else 1)
    table = [row for row in table if any(map(str.strip, row))]  # others are no rows
    assert [record.cells for record in records] == table
    assert [record.problem for record in records] == [None] * len(table)
    assert [record.row_number for record in records] == list(range(1, len(table) + 1))


def test_newlines_inside_quoted_cells_are_kept_exactly():
    (record,) = read(b'"a\r\nb","c\nd","e\r"\r\n')
    assert record.cells == ["a\r\nb", "c\nd", "e\r"]


def test_a_quote_inside_an_unquoted_cell_is_an_ordinary_character():
    assert read(b'5" disk,a"b"c, "x"\n')[0].cells == ['5" disk', 'a"b"c', ' "x"']


def test_a_byte_order_mark_is_dropped_at_the_start_of_the_file_only():
    data = b"\xef\xbb\xbfa,b,c\n\xef\xbb\xbfa,b,c\n"
    assert [record.cells[0] for record in read(data)] == ["a", "\ufeffa"]


def test_blank_lines_are_no_rows_but_count_as_lines():
    records = read(b"\n\r\n1,2,3\n\n\n4,5,6\n\n")
    assert [(record.row_number, record.line_number) for record in records] == [(1, 3), (2, 6)]


def test_lines_without_any_value_are_no_rows():
    data = b'""\n\nx,1\n,\n  ,\t\n"",""\n\xc2\xa0,\ny,2\n'
    assert [(record.row_number, record.line_number, record.cells) for record in read(data, width=2)] == [
        (1, 3, ["x", "1"]),
        (2, 8, ["y", "2"]),
    ]


def test_delimiters_at_the_end_of_a_row_make_no_cells_but_what_stands_behind_them_does():
    first, second = read(b"a,b,,\na,b,,c\n", width=2)
    assert (first.cells, first.problem) == (["a", "b"], None)
    assert second.problem.code == "too_many_cells"


def test_the_last_row_needs_no_line_end():
    assert [record.cells for record in read(b'1,2,3\n4,5,"6"')] == [["1", "2", "3"], ["4", "5", "6"]]


@pytest.mark.parametrize(
    "data", [b"", b"\xef\xbb\xbf", b"\n\r\n", b"\xef\xbb\xbf\n", b"\xef\xbb", b"1,2,3\n\n\r\n"]
)
def test_the_end_of_the_file_is_a_position_from_which_nothing_is_read(data):
    reader = reader_of(data)
    count = len(list(reader))
    assert reader.position == Position(count, physical_lines(data), len(data))
    resumed = reader_of(data, reader.position)
    assert list(resumed) == []
    assert resumed.position == reader.position


def test_the_position_does_not_run_ahead_of_the_record_yielded_last():
    reader = reader_of(b"1,2,3\n\n\n4,5,6\n")
    next(iter(reader))
    assert reader.position == Position(1, 1, 6)


def test_a_second_loop_goes_on_where_the_first_left_off():
    reader = reader_of(b"1,2,3\n4,5,6\n7,8,9\n")
    for record in reader:
        assert record.row_number == 1
        break
    assert [record.row_number for record in reader] == [2, 3]


def test_the_header_is_row_0_when_the_position_says_so():
    assert [record.row_number for record in read(b"a,b,c\n1,2,3\n", position=Position(row_number=-1))] == [0, 1]


def test_any_width_will_do_where_none_is_given():
    assert [len(record.cells) for record in read(b"1\n1,2\n", width=None)] == [1, 2]
