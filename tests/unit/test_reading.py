"""What a sound CSV file is read as."""

from __future__ import annotations

import csv
import io

import pytest
from csv_bytes import check_every_resume, physical_lines, read, reader_of
from hypothesis import assume, given
from hypothesis import strategies as st

from importer.files.csv_reader import Position, Record
from importer.files.line_formats import PLAIN, LineFormat

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
    return width > 1 and bool(inner) and all(PLAIN.looks_like_a_row(line, width) for line in inner)


@given(tables(), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_whatever_python_writes_as_csv_is_read_unchanged(table, line_end, quotes_all, has_mark):
    # with LF line ends, Python 3.11 leaves a cell that contains a carriage return unquoted
    quotes_all = quotes_all or ("\r" not in line_end and any("\r" in cell for row in table for cell in row))
    quoting = csv.QUOTE_ALL if quotes_all else csv.QUOTE_MINIMAL
    assume(not any(holds_rows(written([row], line_end, quoting), len(row)) for row in table))
    assume(not any(row[0].startswith("\ufeff") for row in table))
    data = written(table, line_end, quoting)
    if has_mark:
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


def test_a_byte_order_mark_before_a_record_belongs_to_no_cell():
    mark = b"\xef\xbb\xbf"
    data = mark + b"a,b,c\n1,2,3\n" + mark + b'"d\n4",e,f\n' + mark + mark + b"g,h," + mark + b"i\n"
    assert [record.cells for record in check_every_resume(data)] == [
        ["a", "b", "c"],
        ["1", "2", "3"],
        ["d\n4", "e", "f"],
        ["g", "h", "\ufeffi"],
    ]


def test_a_byte_order_mark_within_a_quoted_cell_belongs_to_it():
    data = '"a\n\ufeff""b",2,3\n"\ufeffc",2,3\n'.encode()
    assert [record.cells[0] for record in check_every_resume(data)] == ['a\n\ufeff"b', "\ufeffc"]


def test_missing_cells_at_the_end_of_a_row_are_empty_and_counted():
    reader = reader_of(b"1,2\n1,2,3\n\n,,\n1,2\n")
    assert [(record.cells, record.problem) for record in reader] == [
        (["1", "2", ""], None),
        (["1", "2", "3"], None),
        (["1", "2", ""], None),
    ]
    assert reader.position[-2:] == (2, 2)


def test_a_single_cell_is_a_short_row_only_where_the_header_has_two():
    assert read(b"1\n", width=2)[0] == Record(1, 1, ["1", ""], None)
    (total,) = read(b"Total\n", width=3)
    assert total.problem.code == "too_few_cells"
    assert "looks like a title, a total" in total.problem.message


@pytest.mark.parametrize("end", [b"\x1a", b"\x1a\0\0\0", b"\0\0"])
def test_what_marks_the_end_of_a_file_is_no_row(end):
    for width in (1, 3):
        row = b",".join([b"1"] * width)
        reader = reader_of(row + b"\n" + row + b"\n" + end, width=width)
        assert [record.problem for record in reader] == [None, None]
        assert reader.position.offset == len(row) * 2 + 2 + len(end)


@pytest.mark.parametrize("end", [b"\x1a\x1a\r\n", b"\x1a\n\x1a"])
def test_it_is_a_blank_line_where_another_end_follows(end):
    reader = reader_of(b"1,2\n" + end, width=2)
    assert [record.cells for record in reader] == [["1", "2"]]
    assert reader.position.blank_rows == 1


def test_the_header_again_is_no_row_and_fails_in_words():
    header = ["email", "name", "note"]
    data = 'a,b,c\n\ufeffemail,name,note\nemail,name,x\n"email",name,note\r\n'.encode()
    records = check_every_resume(data, line_format=PLAIN.with_header(header))
    assert [record.problem and record.problem.code for record in records] == [
        None,
        "repeated_header",
        None,
        "repeated_header",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "E-MAIL,Name,Note",
        "email,NAME,note",
        "e mail,name,note,",
        "*Email,\u00a0name,(note)",
        '"EMail","Name","Note "',
    ],
)
def test_the_header_again_in_another_spelling_is_no_row_either(line):
    header = ["email", "name", "note"]
    data = f"a@b.de,A,x\n{line}\nc@d.de,C,y\n".encode()
    records = check_every_resume(data, line_format=PLAIN.with_header(header))
    assert [record.problem and record.problem.code for record in records] == [None, "repeated_header", None]


def test_the_header_again_is_known_in_any_script_and_without_its_accents():
    for header, line in (
        (["Имя", "Город"], "ИМЯ,город"),
        (["États", "Nom"], "etats,nom"),
        (["naïve", "x"], "NAIVE,X"),
    ):
        (again,) = read(f"{line}\n".encode(), width=2, line_format=PLAIN.with_header(header))
        assert again.problem.code == "repeated_header"


@pytest.mark.parametrize(
    ("header", "line"),
    [
        (["email", "name"], "E-Mail,Bob"),
        (["email", "name"], "name,email"),
        (["email", ""], "E-MAIL,"),
        (["name", "age"], "Name,"),
    ],
)
def test_a_row_of_which_a_value_is_spelt_like_a_name_is_a_row(header, line):
    (row,) = read(f"{line}\n".encode(), width=2, line_format=PLAIN.with_header(header))
    assert row.problem is None


def test_the_header_again_is_known_by_its_names_where_a_delimiter_ends_it():
    (again,) = read(b"email,name,,\n", width=2, line_format=PLAIN.with_header(["email", "name"]))
    assert again.problem.code == "repeated_header"


def test_a_line_format_that_is_kept_as_json_knows_its_header():
    kept = LineFormat.from_json(PLAIN.with_header(["email", "name"]).as_json())
    assert kept.header == ["email", "name"]
    without = PLAIN.as_json()
    del without["header"]  # as imports have it that began before headers were kept
    assert LineFormat.from_json(without).header is None


def test_the_only_column_may_have_its_name_for_a_value():
    assert read(b"word\n", width=1, line_format=PLAIN.with_header(["word"]))[0].problem is None


def test_cells_stay_as_many_as_the_file_has_where_they_are_not_fitted():
    records = read(b"1,2\n1,2,3,\nTotal\n1,2,3,4\n", is_fitted=False)
    assert [record.cells for record in records] == [["1", "2"], ["1", "2", "3", ""], ["Total"], list("1234")]
    assert [bool(record.problem) for record in records] == [False, False, True, True]


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
    assert reader.position[:4] == (count, physical_lines(data), len(data), False)
    resumed = reader_of(data, reader.position)
    assert list(resumed) == []
    assert resumed.position == reader.position


def test_the_position_does_not_run_ahead_of_the_record_yielded_last():
    reader = reader_of(b"1,2,3\n\n\n4,5,6\n")
    next(iter(reader))
    assert reader.position[:4] == (1, 1, 6, False)


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
