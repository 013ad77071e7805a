"""Reading a CSV file from any position in it, whatever its bytes."""

from __future__ import annotations

import csv
import io
import json
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.problems import CUT, PROBLEMS
from importer.reading import Position, Record, RecordReader

MAX_RECORD_BYTES = 4096
MAX_CELL_CHARS = 1000

START = Position()

NASTY = (
    b"\xef\xbb\xbfa,b,c\r\n"
    b"\n"
    b'"two\r\nlines",2,3\n'
    b"too,few\n"
    b'"text"after,2,3\r\n'
    b'"never closed,2,3\n'
    b"1,2,3\r\n"
    b"\r\n"
    b"bad \xff byte,2,3\n"
    b"1,nul \0 here,3\n"
    b'"swallows\n'
    b'"and,fails",x\n'
    b"stray\rreturn,2,3\n"
    b'x",",\n'
    b'x",",\n'
    b"\xef\xbb\xbf1,2,3\n"
    b'1,"",3\n'
    b'"open to the end,2\n'
    b"1,2,3\n"
    b"\r\n"
    b"\n"
)


def reader_of(
    data: bytes,
    position: Position = START,
    *,
    width: int | None = 3,
    max_record_bytes: int = MAX_RECORD_BYTES,
    max_cell_chars: int = MAX_CELL_CHARS,
) -> RecordReader:
    source = io.BufferedReader(io.BytesIO(data[position.offset :]), 16)
    return RecordReader(
        source, position, width=width, max_record_bytes=max_record_bytes, max_cell_chars=max_cell_chars
    )


def read(data: bytes, **options) -> list[Record]:
    return list(reader_of(data, **options))


def only_problem(data: bytes, **options) -> Record:
    """The one faulty record of a file."""
    (found,) = [record for record in read(data, **options) if record.problem is not None]
    return found


def check_every_resume(data: bytes, **options) -> list[Record]:
    """Resuming after any record gives what reading on gives; return all records."""
    reader = reader_of(data, **options)
    stops = [(record, reader.position) for record in reader]
    records, end = [record for record, _ in stops], reader.position
    for index, (_, position) in enumerate(stops, start=1):
        resumed = reader_of(data, position, **options)
        assert list(resumed) == records[index:]
        assert resumed.position == end
    assert end == (len(records), physical_lines(data), len(data))
    return records


def physical_lines(data: bytes) -> int:
    data = data.removeprefix(b"\xef\xbb\xbf")
    return data.count(b"\n") + (not data.endswith(b"\n") and data != b"")


# What csv writes is read as it was

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


@given(tables(), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_whatever_python_writes_as_csv_is_read_unchanged(table, line_end, quotes_all, has_mark):
    # with LF line ends, Python 3.11 leaves a cell that contains a carriage return unquoted
    quotes_all = quotes_all or ("\r" not in line_end and any("\r" in cell for row in table for cell in row))
    data = written(table, line_end, csv.QUOTE_ALL if quotes_all else csv.QUOTE_MINIMAL)
    if has_mark or data.startswith(b"\xef\xbb\xbf"):
        data = b"\xef\xbb\xbf" + data
    records = check_every_resume(data, width=len(table[0]) if table else 1)
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


def test_an_empty_quoted_cell_alone_on_its_line_is_a_row():
    assert [record.cells for record in read(b'""\n\nx\n', width=1)] == [[""], ["x"]]


def test_the_last_row_needs_no_line_end():
    assert [record.cells for record in read(b'1,2,3\n4,5,"6"')] == [["1", "2", "3"], ["4", "5", "6"]]


@pytest.mark.parametrize(
    "data", [b"", b"\xef\xbb\xbf", b"\n\r\n", b"\xef\xbb\xbf\n", b"\xef\xbb", b"1,2,3\n\n\r\n"]
)
def test_the_end_of_the_file_is_a_position_from_which_nothing_is_read(data):
    reader = reader_of(data)
    count = len(list(reader))
    assert reader.position == (count, physical_lines(data), len(data))
    resumed = reader_of(data, reader.position)
    assert list(resumed) == []
    assert resumed.position == reader.position


def test_the_position_does_not_run_ahead_of_the_record_yielded_last():
    reader = reader_of(b"1,2,3\n\n\n4,5,6\n")
    next(iter(reader))
    assert reader.position == (1, 1, 6)


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


# Faulty rows fail alone

FAULTS = [
    ("too_few_cells", b"secret,2\n", None, ["secret", "2"]),
    ("too_many_cells", b"secret,2,3,4\n", None, ["secret", "2", "3", "4"]),
    ("invalid_utf8", b"1,secret\xff,3\n", 1, ["1", "secret\udcff", "3"]),
    ("nul_character", b"1,2,secret\0\n", 2, ["1", "2", "secret\0"]),
    ("cell_too_long", b"1," + b"secret" * 200 + b",3\n", 1, ["1", "secret" * 85]),
    ("record_too_long", b"secret," * 700 + b"\n", None, [("secret," * 100)[:512]]),
    ("text_after_quote", b'"secret"secret,2,3\r\n', None, ['"secret"secret,2,3']),
    ("unclosed_quote", b'"secret,2,3\n', None, ['"secret,2,3']),
    ("stray_carriage_return", b"secret\rsecret,2,3\n", None, ["secret\rsecret,2,3"]),
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


def test_every_problem_has_an_example():
    assert {fault[0] for fault in FAULTS} == set(PROBLEMS)


def test_messages_name_limits_and_the_cell_as_people_count_it():
    assert only_problem(b"1,2\n").problem.message.startswith("The row has 2 cells, the header 3.")
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
    records = read(b'1,2,"a\nb\nc"\n1,2\n')
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
    "line", [b"\xff" * 4000, b"," * 4000, b"\0," * 2000, b'"' + b"\x01" * 4000, b'\x01"' * 9999]
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
    assert reader.position == (1, 1, 6)


# Resuming gives what reading on gives


@pytest.mark.parametrize("limit", [8, 16, 20, 40, MAX_RECORD_BYTES])
@pytest.mark.parametrize("end", range(0, len(NASTY), 3))
def test_resuming_anywhere_in_a_nasty_file_gives_what_reading_on_gives(end, limit):
    check_every_resume(NASTY[:end], max_record_bytes=limit, max_cell_chars=10)


def test_the_nasty_file_reads_as_a_person_would():
    faults = [(record.line_number, record.problem.code) for record in read(NASTY) if record.problem is not None]
    assert faults == [
        (5, "too_few_cells"),
        (6, "text_after_quote"),
        (7, "unclosed_quote"),
        (10, "invalid_utf8"),
        (11, "nul_character"),
        (12, "unclosed_quote"),
        (13, "too_few_cells"),
        (14, "stray_carriage_return"),
        (15, "unclosed_quote"),
        (16, "unclosed_quote"),
        (19, "unclosed_quote"),
    ]


nasty_bytes = st.lists(
    st.sampled_from(
        [b'"', b'""', b",", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"a", b"bc", b'"\n']
    )
).map(b"".join)


@settings(max_examples=500)
@given(nasty_bytes, st.sampled_from([None, 1, 2]), st.sampled_from([1, 2, 5, 10, 4096]), st.sampled_from([2, 100]))
def test_no_bytes_at_all_raise_or_are_lost(data, width, max_record_bytes, max_cell_chars):
    records = check_every_resume(
        data, width=width, max_record_bytes=max_record_bytes, max_cell_chars=max_cell_chars
    )
    assert len(records) <= physical_lines(data)


nasty_lines = st.lists(
    st.sampled_from(
        [
            b'x",",\n',
            b'"aaaaaaaa\n',
            b'b"\n',
            b'a",""\n',
            b'"a""\n',
            b"a,b\n",
            b"a\n",
            b"\r\n",
            b'"z"y\n',
            b'a,"\xff\n',
        ]
    ),
    max_size=12,
).map(b"".join)


@settings(max_examples=500)
@given(nasty_lines, st.integers(1, 60))
def test_resuming_among_open_quotes_gives_what_reading_on_gives(data, max_record_bytes):
    check_every_resume(data, width=2, max_record_bytes=max_record_bytes)


def test_a_record_too_long_with_the_line_before_it_is_read_without_that_line():
    data = b'"aaaaaaaa\nx",",\nb"\n'
    records = check_every_resume(data, width=2, max_record_bytes=len(data) - 1)
    assert records[0].problem.code == "unclosed_quote"
    assert records[1:] == [Record(2, 2, ['x"', ",\nb"], None)]


def test_a_line_given_up_does_not_count_towards_the_length_of_the_next_record():
    records = check_every_resume(b'"aa\nx",",ccc,\nbbb"\n', width=2, max_record_bytes=18)
    assert [record.problem is None for record in records] == [False, True]


def test_a_quote_that_ends_badly_says_nothing_about_one_further_on():
    badly = b'x",",\n' * 4 + b'b"y\n'
    records = check_every_resume(badly + b'"aa\nx",",ccc,\nbbb"\n', width=2, max_record_bytes=18)
    assert records[-1].cells == ['x"', ",ccc,\nbbb"]


# Hostile files


def test_a_huge_line_is_skipped_without_being_held():
    size = 64 * 1024 * 1024

    class HugeLine(io.RawIOBase):
        left = size

        def readable(self):
            return True

        def readinto(self, buffer):
            count = min(len(buffer), self.left)
            buffer[:count] = b"x" * count
            self.left -= count
            if count and not self.left:
                buffer[count - 7 : count] = b"\n1,2,3\n"
            return count

    tracemalloc.start()
    try:
        reader = RecordReader(
            io.BufferedReader(HugeLine(), 65536),
            Position(),
            width=3,
            max_record_bytes=262_144,
            max_cell_chars=65_536,
        )
        records = list(reader)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [record.problem and record.problem.code for record in records] == ["record_too_long", None]
    assert reader.position == (2, 2, size)
    assert peak < 4 * 1024 * 1024


@pytest.mark.parametrize("line", [b'x",",\n', b'"a\n', b'"",",\n', b'",\n', b'"\n\n'])
def test_a_file_of_open_quotes_takes_time_in_proportion_to_its_size(line):
    check_time(line * 50_000 + b'x",",')


@pytest.mark.parametrize("end", [b'"z\n', b""], ids=["text after the quote", "end of the file"])
def test_open_quotes_before_a_long_line_take_time_in_proportion_to_their_size(end):
    check_time(b'x",",\n' * 20_000 + b"y" * 120_000 + end)


def check_time(data: bytes) -> None:
    started = time.perf_counter()
    reader = reader_of(data, max_record_bytes=262_144)
    count = sum(1 for _ in reader)
    assert time.perf_counter() - started < 15
    assert reader.position == (count, physical_lines(data), len(data))
