"""Faulty rows of a file fail alone, each with its reason."""

from __future__ import annotations

import io
import json

import pytest
from csv_bytes import MAX_RECORD_BYTES, check_every_resume, only_problem, read

from importer.files.csv_reader import Position, Record, RecordReader
from importer.files.problems import CUT, PROBLEMS

FAULTS = [
    ("too_few_cells", b"secret\n", None, ["secret"]),
    ("too_many_cells", b"secret,2,3,4\n", None, ["secret", "2", "3", "4"]),
    ("written_otherwise", b"secret;2;3\n", None, ["secret", "2", "3"]),
    ("invalid_utf8", b"1,secret\xff,3\n", 1, ["1", "secret\udcff", "3"]),
    ("nul_character", b"1,2,secret\0\n", 2, ["1", "2", "secret\0"]),
    ("cell_too_long", b"1," + b"secret" * 200 + b",3\n", 1, ["1", "secret" * 85]),
    ("record_too_long", b"secret," * 700 + b"\n", None, [("secret," * 100)[:512]]),
    ("text_after_quote", b'1,"secret"secret,3\r\n', 1, ["1", '"secret"secret', "3"]),
    ("unclosed_quote", b'"secret,2,3\n', 0, ['"secret', "2", "3"]),
    ("stray_carriage_return", b"secret\rsecret,2,3\n", None, ["secret\rsecret", "2", "3"]),
]


@pytest.mark.parametrize(("code", "line", "column", "kept"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_faulty_line_fails_alone(code, line, column, kept):
    records = check_every_resume(b"1,2,3\n" + line + b"4,5,6\n7,8,9\n")
    assert [record.problem is None for record in records] == [True, False, True, True]
    faulty = records[1]
    assert (faulty.row_number, faulty.line_number) == (2, 2)
    assert (faulty.problem.code, faulty.problem.column) == (code, column)
    assert faulty.cells == kept
    assert "secret" not in faulty.problem.message
    assert records[2:] == [Record(3, 3, ["4", "5", "6"], None), Record(4, 4, ["7", "8", "9"], None)]


def test_a_quote_that_swallows_rows_fails_alone_and_the_rows_are_read():
    data = b'1,"2 inches,3\n4,5,6\n7,8,9\n10,11 inches",12\n1,2,3\n'
    first, *others = check_every_resume(data)
    assert (first.problem.code, first.line_number) == ("quote_swallows_rows", 1)
    assert "closes only in line 4" in first.problem.message
    assert [record.cells for record in others] == [
        ["4", "5", "6"],
        ["7", "8", "9"],
        ["10", '11 inches"', "12"],
        ["1", "2", "3"],
    ]


def test_of_two_columns_an_address_tells_the_rows_that_a_quote_swallows_from_text():
    data = b'a@x.org,"Ann\nb@x.org,Bob\nc@x.org,Cy\nd@x.org,Di"\ne@x.org,"see\nBerlin, Germany\nplease"\n'
    first, *others = check_every_resume(data, width=2)
    assert first.problem.code == "quote_swallows_rows"
    assert [record.cells[0] for record in others] == ["b@x.org", "c@x.org", "d@x.org", "e@x.org"]
    assert others[-1].cells[1] == "see\nBerlin, Germany\nplease"


def test_a_quote_behind_a_byte_order_mark_that_swallows_rows_says_nothing_about_the_next_fault():
    data = b'\xef\xbb\xbf1,"a\n4,5,6\nb",3\n' + b'"x"y,2,3\n'
    records = check_every_resume(data)
    codes = [record.problem and record.problem.code for record in records]
    assert codes[0] == "quote_swallows_rows"
    assert codes[-1] == "text_after_quote"


def test_lines_of_a_quoted_cell_that_are_no_rows_belong_to_it():
    for data in (b'1,"a\nb, c\nd",3\n', b'1,"a\n,,\nb",3\n', b'1,"a\nb,c,d,e\nf",3\n'):
        (record,) = check_every_resume(data)
        assert (record.problem, len(record.cells)) == (None, 3)


def test_a_short_row_is_no_row_written_otherwise_for_a_list_in_its_last_cell():
    (record,) = read(b"1,a;b;c\n")
    assert (record.cells, record.problem) == (["1", "a;b;c", ""], None)


def test_every_problem_has_an_example():
    assert {fault[0] for fault in FAULTS} | {"quote_swallows_rows", "repeated_header", "not_an_object"} == set(
        PROBLEMS
    )


def test_messages_name_limits_and_the_cell_as_people_count_it():
    assert only_problem(b"1,2,3,4\n").problem.message.startswith("The row has 4 cells, the header 3.")
    assert only_problem(b"1,2,\0\n").problem.message.startswith("Cell 3 contains")
    assert "1,000 characters" in only_problem(b"1,2," + b"x" * 1001).problem.message
    assert "4,096 bytes" in only_problem(b"x" * 5000).problem.message


def test_a_record_may_be_just_as_long_as_the_limit():
    line = b"1,2,333\n"
    assert read(line, max_record_bytes=len(line))[0].problem is None
    assert only_problem(line, max_record_bytes=len(line) - 1).problem.code == "record_too_long"
    lines = b'1,2,"3\n3"\n'
    assert read(lines, max_record_bytes=len(lines))[0].problem is None
    assert read(lines, max_record_bytes=len(lines) - 1)[0].problem.code == "unclosed_quote"


def test_a_cell_may_be_just_as_long_as_the_limit():
    assert read("1,2,ééé\n".encode(), max_cell_chars=3)[0].problem is None
    assert only_problem("1,2,éééé\n".encode(), max_cell_chars=3).problem.column == 2


def test_a_cell_may_be_longer_than_the_limit_of_pythons_csv_module():
    (record,) = read(b"1,2," + b"x" * 200_000, max_record_bytes=300_000, max_cell_chars=200_000)
    assert record.problem is None


def test_a_record_of_several_lines_is_numbered_by_its_first():
    records = read(b'1,2,"a\nb\nc"\n1\n')
    assert [(record.line_number, record.problem is None) for record in records] == [(1, True), (4, False)]


def test_invalid_utf8_in_a_later_line_of_a_record_fails_that_record_only():
    records = check_every_resume(b'1,2,"a\n\xff"\n1,2,3\n')
    assert [record.problem and record.problem.code for record in records] == ["invalid_utf8", None]


def test_a_quote_open_to_the_end_of_the_file_costs_its_line_only():
    records = check_every_resume(b'1,2,3\n1,2,"3\n1,2,3\n\n1,2,3')
    assert [(record.line_number, record.problem and record.problem.code) for record in records] == [
        (1, None),
        (2, "unclosed_quote"),
        (3, None),
        (5, None),
    ]


def test_a_quote_closed_too_late_costs_its_line_only():
    data = b'1,2,"3\n' + b"1,2,3\n" * 1000 + b'1,2,"3"\n'
    records = check_every_resume(data, max_record_bytes=100)
    assert [record.row_number for record in records if record.problem is not None] == [1]
    assert len(records) == 1002


def test_text_after_a_quote_that_closes_on_a_later_line_costs_the_first_line_only():
    records = check_every_resume(b'"open,2,3\n"1",2,3\n1,2,3\n')
    assert [record.problem and record.problem.code for record in records] == ["unclosed_quote", None, None]


def test_an_unclosed_quote_does_not_swallow_a_record_of_several_lines_after_it():
    records = check_every_resume(b'1,2,"3\n4,5,6\n7,"eight\nand more",9\n')
    assert [record.cells for record in records if record.problem is None] == [
        ["4", "5", "6"],
        ["7", "eight\nand more", "9"],
    ]


def test_lines_ended_twice_over_as_windows_text_mode_does_are_read():
    assert [record.cells for record in read(b"1,2,3\r\r\n4,5,6\r\r\n")] == [["1", "2", "3"], ["4", "5", "6"]]


@pytest.mark.parametrize(
    "line", [b"\xff" * 4000, b",x" * 2000, b"\0," * 2000, b'"' + b"\x01" * 4000, b'\x01"' * 9999]
)
def test_a_failing_row_is_never_larger_as_json_than_the_largest_record(line):
    record = only_problem(line)
    assert len(json.dumps(record.cells)) <= MAX_RECORD_BYTES
    assert record.problem.message.endswith(CUT)


def test_an_error_of_the_source_passes_through_and_leaves_the_position_at_the_last_record():
    class Broken(io.RawIOBase):
        pieces = [b"1,2,3\n1,", b""]

        def readable(self):
            return True

        def readinto(self, buffer):
            piece = self.pieces.pop(0)
            if not piece:
                raise ConnectionResetError
            buffer[: len(piece)] = piece
            return len(piece)

    reader = RecordReader(
        io.BufferedReader(Broken()), Position(), width=3, max_record_bytes=100, max_cell_chars=100
    )
    with pytest.raises(ConnectionResetError):
        list(reader)
    assert reader.position == Position(1, 1, 6)
