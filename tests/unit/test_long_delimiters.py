"""Delimiters of several signs."""

import io

import pytest

from importer.files.detection import describe
from importer.files.dialects import Dialect
from importer.files.inspection import records_of
from importer.files.line_formats import LineFormat
from importer.files.questions import Answers
from importer.files.samples import take

TABLE = [
    ["name", "email", "city"],
    ["Ann", "a@example.com", "Rome"],
    ["Bob", "", "Oslo"],
    ["Cid", "c@example.com", ""],
]


def written(delimiter, records=TABLE):
    return "".join(delimiter.join(record) + "\n" for record in records)


DELIMITERS = ["||", "\t\t", ";;", ",,", "::", "~|~", "|~|", "^|^", "|;|", "~~", "||||"]


def described(content):
    return describe(take(lambda offset, count: content[offset : offset + count], len(content)))


def rows_of(text):
    content = text.encode()
    return list(records_of(io.BytesIO(content), described(content)))


def read(text):
    found = described(text.encode())
    return found.profile.dialect.delimiter, [found.header, *(row.cells for row in rows_of(text))]


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_a_delimiter_of_several_signs_is_told_from_the_rows(delimiter):
    assert read(written(delimiter)) == (delimiter, TABLE)


@pytest.mark.parametrize("delimiter", ["||", "\t\t", "~|~"])
def test_within_quotes_it_is_a_part_of_the_cell_in_lines_of_several_too(delimiter):
    cell = f"Rome{delimiter}\n{delimiter}Oslo"
    text = written(delimiter) + delimiter.join(["Dan", "d@example.com", f'"{cell}"']) + "\n"
    assert read(text) == (delimiter, [*TABLE, ["Dan", "d@example.com", cell]])


def test_a_line_may_say_it():
    found = described(b"sep=||\nname||email\nAnn||a@example.com\n")
    assert (found.profile.dialect.delimiter, found.header) == ("||", ["name", "email"])


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("name,,email\nAnn,,a@example.com\nBob,,b@example.com\n", ","),
        ("amount;currency;note\n12;$;gift\n14;$;lunch\n", ";"),
        ("id|name|tag\n#1|#Ann|#x\n#2|#Bob|#y\n", "|"),
        ("$name$,$email$\n$Ann$,$a@example.com$\n$Bob$,$b@example.com$\n", ","),
        ("name,phone,city\nAnn,,Rome\nBob,,Oslo\nCid,,\n", ","),
    ],
    ids=[
        "a column without name and values",
        "a column of signs",
        "cells that begin alike",
        "a sign around each cell",
        "an empty column",
    ],
)
def test_columns_that_look_alike_are_no_delimiter(text, delimiter):
    assert described(text.encode()).profile.dialect.delimiter == delimiter


def test_a_row_with_more_cells_fails_with_its_cells_as_written():
    text = written("||") + '"x"y||1||2||3\n' + "a||b||c||d\n"
    faulty = [row.cells for row in rows_of(text) if row.problem]
    assert faulty == [['"x"y', "1", "2", "3"], ["a", "b", "c", "d"]]


@pytest.mark.parametrize(
    ("text", "delimiter", "header"),
    [
        (
            "sep=;;;\nname;email;city;age\nAnn;a@example.com;Rome;7\nBob;;;8\n",
            ";",
            ["name", "email", "city", "age"],
        ),
        ("sep=,,\nname,email,city\nAnn,,\nBob,,\n", ",", ["name", "email", "city"]),
        ("sep=;,,\nname,email,city\nAnn,a@example.com,Rome\n", ",", ["name", "email", "city"]),
    ],
    ids=["semicolons", "commas", "commas behind a semicolon"],
)
def test_a_line_that_a_spreadsheet_has_padded_names_one_sign(text, delimiter, header):
    found = described(text.encode())
    assert (found.profile.dialect.delimiter, found.header) == (delimiter, header)


def test_a_person_may_say_it():
    content = b"a||b|c\n1||2|3\n"
    sample = take(lambda offset, count: content[offset : offset + count], len(content))
    found = describe(sample, answers=Answers({"delimiter": "||"}))
    assert (found.profile.dialect.delimiter, found.header) == ("||", ["a", "b|c"])


def test_how_lines_are_written_comes_back_from_what_is_stored():
    line_format = LineFormat("utf-8", Dialect("||"), ["a", "b"])
    again = LineFormat.from_json(line_format.as_json())
    assert list(again.reader([again.decode(b'1||"2||3"\n')])) == [["1", "2||3"]]
    assert again.as_json() == line_format.as_json()
