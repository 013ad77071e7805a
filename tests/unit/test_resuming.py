"""Resuming anywhere in a file gives what reading on gives, whatever its bytes."""

from __future__ import annotations

import pytest
from csv_bytes import MAX_RECORD_BYTES, check_every_resume, physical_lines, read
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.files.csv_reader import Record

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


@pytest.mark.parametrize("limit", [8, 16, 20, 40, MAX_RECORD_BYTES])
@pytest.mark.parametrize("end", range(0, len(NASTY), 3))
def test_resuming_anywhere_in_a_nasty_file_gives_what_reading_on_gives(end, limit):
    check_every_resume(NASTY[:end], max_record_bytes=limit, max_cell_chars=10)


def test_the_nasty_file_reads_as_a_person_would():
    faults = [(record.line_number, record.problem.code) for record in read(NASTY) if record.problem is not None]
    assert faults == [
        (6, "text_after_quote"),
        (7, "unclosed_quote"),
        (10, "invalid_utf8"),
        (11, "nul_character"),
        (12, "unclosed_quote"),
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
