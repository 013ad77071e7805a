"""Reading the header, and refusing files that are no CSV."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openings import asked, columns_of, opening_of

from importer.errors import NotInPlaceError, RefusedFileError
from importer.files.csv_reader import Position, RecordReader
from importer.files.fields import Field
from importer.files.line_formats import LineFormat
from importer.files.openings import Beginning, Opening
from importer.files.problems import CUT
from importer.files.refusals import REFUSALS

FIELDS = [Field("email", True), Field("name", True), Field("signup_date", False)]
GOOD = b"email,name\na@example.com,Ann\n"


def header_of(data: bytes, *, is_whole_file: bool = True, **options) -> Opening:
    return opening_of(Beginning(data, is_whole_file), FIELDS, **options)


def refusal_of(data: bytes, **options) -> RefusedFileError:
    with pytest.raises(RefusedFileError) as caught:
        header_of(data, **options)
    return caught.value


def zipped(*names: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        for name in names:
            writer.writestr(name, "content")
    return archive.getvalue()


# What is read


def test_columns_are_matched_by_name_in_the_files_order():
    header = header_of(b"name,email\nAnn,a@example.com\n")
    assert (columns_of(header), header.names) == (["name", "email"], ["name", "email"])
    assert header.position == Position(0, 1, 11)
    assert header.line_format.as_json() == LineFormat(header=header.names).as_json()


@pytest.mark.parametrize(
    "name",
    [
        "Signup Date",
        "SIGNUP_DATE",
        "signup-date",
        " signup date ",
        "SignupDate",
        "signup\u00a0date",
        "\uff53ignup date",
    ],
)
def test_case_spaces_underscores_and_hyphens_do_not_matter(name):
    header = header_of(f"E-Mail,NAME,{name}\na@example.com,Ann,2024-01-31\n".encode())
    assert columns_of(header) == ["email", "name", "signup_date"]
    assert header.names == ["E-Mail", "NAME", name]


def test_unknown_and_blank_columns_are_ignored():
    assert columns_of(header_of(b"email,shoe size,,name, ,\na,b,,d,,\n")) == [
        "email",
        None,
        None,
        "name",
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("data", "position"),
    [
        (b"\xef\xbb\xbf" + GOOD, (0, 1, 14)),
        (b"\r\n\n" + GOOD, (0, 3, 14)),
        (GOOD.replace(b"\n", b"\r\n"), (0, 1, 12)),
        (b'email,name,"two\nlines"\na,b,c\n', (0, 2, 23)),
        (b'"email","name"\na,b', (0, 1, 15)),
    ],
    ids=["byte order mark", "blank lines before", "CRLF", "a name of two lines", "quoted"],
)
def test_the_rows_begin_behind_the_header(data, position):
    header = header_of(data)
    assert header.position == Position(*position)
    rest = RecordReader(
        io.BytesIO(data[header.position.offset :]),
        header.position,
        width=len(header.names),
        max_record_bytes=4096,
        max_cell_chars=1000,
    )
    assert [(record.row_number, record.problem) for record in rest] == [(1, None)]


def test_a_file_that_goes_on_behind_its_head_need_not_show_a_row_yet():
    assert header_of(b"email,name\n", is_whole_file=False).position == Position(0, 1, 11)
    assert columns_of(header_of(b"email,name\na@exa", is_whole_file=False)) == ["email", "name"]


def test_a_faulty_first_row_is_still_a_row():
    assert header_of(b"email,name\n\0\xff\n").position.row_number == 0


# What is refused

REFUSED = [
    ("empty", b""),
    ("empty", b"\xef\xbb\xbf"),
    ("empty", b"\xef\xbb\xbf\r\n\n"),
    ("no_rows", b"email,name"),
    ("no_rows", b"email,name\r\n\r\n\n"),
    ("archive", b"7z\xbc\xaf\x27\x1c\0\4"),
    ("pdf", b"%PDF-1.7\n%\xe2\xe3"),
    ("binary", b"email,na\0me\na,b\n"),
    ("binary", b"\0" * 100),
    ("not_utf8", b"email,name,gr\xc3\xb6\xc3\x9fe,\xff\na,b,c,\xc3\xb6\xc3\xb6\n"),
    ("header_too_long", b"email,name," + b"x," * 3000 + b"\na,b\n"),
    ("header_too_long", b"email,name," + b"x" * 1001 + b"\na,b,c\n"),
    ("too_many_columns", b"email,name" + b"," * 16_383 + b"\na,b" + b"," * 16_383 + b"\n"),
    ("malformed_header", b'"email"s,name\na,b\n'),
    ("malformed_header", b'"email,name\na,b\n'),
    ("numbers", zipped("Index/Document.iwa")),
    ("no_known_column", b"a,b,c\n1,2,3\n"),
    ("no_known_column", b"one\n1\n"),
    ("missing_column", b"email,colour\na,\n"),
]


CONVERTED = [
    ("gzip", gzip.compress(GOOD, mtime=0)),
    ("zip", zipped("contacts.csv")),
    ("xlsx", zipped("[Content_Types].xml", "xl/workbook.xml")),
    ("ods", b"PK\x03\x04" + b"\0" * 26 + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"),
    ("xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100),
    ("utf16", GOOD.decode().encode("utf-16")),
    ("utf16", b"\xfe\xff" + GOOD.decode().encode("utf-16-be")),
    ("utf16", GOOD.decode().encode("utf-16-le")),
    ("utf16", GOOD.decode().encode("utf-16-be")),
    ("carriage_returns", b"email,name\ra,b\rc,d\r"),
    ("carriage_returns", b'"email","name"\r"a","b"\r'),
    ("carriage_returns", b"email,name\r" + b"a,b\r" * 2000),
    ("bzip2", bz2.compress(GOOD)),
    ("xz", lzma.compress(GOOD)),
    ("html", b"<html><body><table><tr><td>email</td></tr></table></body></html>"),
]


@pytest.mark.parametrize(("kind", "data"), CONVERTED)
def test_what_cannot_be_read_where_it_lies_is_to_be_converted(kind, data):
    with pytest.raises(NotInPlaceError):
        header_of(data)


@pytest.mark.parametrize(("code", "data"), REFUSED)
def test_a_file_that_cannot_be_imported_is_refused_with_a_reason(code, data):
    error = refusal_of(data)
    assert error.code == code
    assert error.message.endswith(".")
    assert "{" not in error.message
    assert CUT not in error.message


def test_a_row_of_very_many_cells_does_not_stand_for_the_file():
    assert header_of(b"email,name\na,b\na" + b"," * 20_000 + b"\nc,d\n").names == ["email", "name"]


def test_a_missing_column_is_named_beside_what_the_file_has():
    assert refusal_of(b"size,colour,signup date\n,,c\n").message == (
        "The header (line 1) lacks the required columns email, name. The file has: size, colour, signup date."
        " Add what is missing, or rename the column that holds it."
    )


def test_a_required_field_without_a_column_is_asked_about_where_some_column_may_be_it():
    opening = header_of(b"email,surname\na,b\n")
    assert asked(opening) == ["field-name"]
    assert [choice.value for choice in opening.proposal.questions[0].choices] == ["2"]


def test_two_columns_for_one_field_are_asked_about():
    opening = header_of(b"email,name,E-Mail\na,b,c\n")
    assert asked(opening) == ["field-email"]
    assert [choice.value for choice in opening.proposal.questions[0].choices] == ["1", "3", "1+3"]


def test_letters_that_fit_several_encodings_are_asked_about():
    data = "email,name\na,Málaga\nb,Muñoz\n".encode("cp1252")
    assert asked(header_of(data)) == ["encoding"]
    opening = header_of(data, answers={"encoding": "cp1252"})
    assert (asked(opening), opening.line_format.as_json()["encoding"]) == ([], "cp1252")


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_file_separated_by_something_else_is_read_so(separator):
    header = header_of(separator.join(["email", "name"]).encode() + b"\n" + separator.encode().join([b"a", b"b"]))
    assert header.names == ["email", "name"]
    assert header.line_format.as_json()["delimiter"] == separator


def test_a_german_export_is_read_as_it_is_written():
    header = header_of("Adressen\r\nE-MAIL*;Name (optional)\r\na@b.de;Jürgen Groß\r\n".encode("cp1252"))
    assert (columns_of(header), header.position) == (["email", "name"], Position(0, 2, 35))
    told = header.line_format.as_json()
    assert (told["encoding"], told["delimiter"]) == ("cp1252", ";")


def test_bytes_from_further_on_tell_the_encoding_of_a_file_that_begins_in_ascii():
    piece = "x@b.de,Jürgen Groß\ny@b.de,Zoë Müller\n".encode("cp1252")
    header = opening_of(Beginning(GOOD, is_whole_file=False, pieces=(piece,)), FIELDS)
    assert header.line_format.as_json()["encoding"] == "cp1252"


def test_the_line_of_a_header_below_blank_lines_is_told():
    assert "(line 3)" in refusal_of(b"\n\na,b\n1,2\n").message


def test_long_and_odd_names_are_shortened_in_messages():
    names = [f"column {number}" for number in range(40)] + ["x" * 500, "two\nlines"]
    message = refusal_of(",".join(f'"{name}"' for name in reversed(names)).encode() + b"\n1\n").message
    assert "two lines, xxxx" in message
    assert "x" * 60 not in message
    assert "and 12 more" in message


def test_a_header_that_does_not_end_within_the_head_is_refused():
    error = refusal_of(b"email,na", is_whole_file=False, max_record_bytes=10**9)
    assert error.code == "header_too_long"
    assert "within the first 8 bytes" in error.message


def test_a_head_of_blank_lines_is_refused_though_the_file_goes_on():
    assert refusal_of(b"\n" * 100, is_whole_file=False).code == "empty"


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from([b"email", b"name", b",", b"\n", b"\r", b'"', b"\0", b"\xff", b";"])).map(b"".join),
    st.booleans(),
)
def test_any_head_is_read_or_refused(data, is_whole_file):
    try:
        header = header_of(data, is_whole_file=is_whole_file)
    except NotInPlaceError:
        return
    except RefusedFileError as error:
        code = error.code
    else:
        code = None
        assert len(columns_of(header)) == len(header.names)
        assert {"email", "name"} <= set(columns_of(header)) or header.proposal.questions
        assert header.position.offset <= len(data)
    assert code is None or code in REFUSALS


def test_a_first_row_without_an_address_is_no_second_line_of_the_header():
    opening = header_of(b"email,name\nnonsense,x\nb@example.com,Bob\nc@example.com,Cy\n")
    assert (columns_of(opening), opening.position.line_number) == (["email", "name"], 1)
