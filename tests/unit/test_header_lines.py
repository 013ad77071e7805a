"""The known names of a header tell where a table begins, and refuse a header that cannot be that of its rows."""

import pytest

from importer.files.header_lines import header_line_at, sign_between
from importer.files.inspection import inspect
from importer.record_types import RecordTypes

KNOWN = frozenset({"email", "name", "company"})
HEADER = "email,name,company\n"
ROW = "ana@example.com,Ana,ACME\n"
ANA = ["ana@example.com", "Ana", "ACME"]


def told(tmp_path, text: str):
    """What the command tells of a file of contacts."""
    file = tmp_path / "file.csv"
    file.write_bytes(text.encode())
    return inspect(file, None, RecordTypes()["contacts"].fields)


def test_the_line_with_the_most_known_names_is_the_header_whatever_stands_between_them():
    assert header_line_at(["Name and email, all", "", "E-Mail|Name|Company", "a@b.de|A|B"], KNOWN) == 2
    assert header_line_at(["name", "a", "b"], KNOWN) == 0
    assert header_line_at(["Title", "email;name"], frozenset()) == 0


@pytest.mark.parametrize(
    "preamble",
    [
        pytest.param("".join(f"{n} of the terms: nothing, really; page {n}\n" for n in range(25)), id="prose"),
        pytest.param("".join(f"Key {n},value\n" for n in range(12)), id="keys and values"),
        pytest.param("".join(f"Condition {n}\n" for n in range(60)), id="sixty titles"),
    ],
)
def test_lines_before_the_header_do_not_count_for_the_delimiter_nor_for_the_width(tmp_path, preamble):
    found = told(tmp_path, preamble + HEADER + ROW * 3)
    assert (found["header"], found["records"]) == (["email", "name", "company"], [ANA] * 3)
    assert found["warnings"] == found["questions"] == []


@pytest.mark.parametrize(
    "table",
    [
        "|email|name|company|\n|---|:--|---|\n|{}|{}|{}|\n",
        "+---+---+---+\n|email|name|company|\n+---+---+---+\n|{}|{}|{}|\n",
        "email|name|company\n-----+----+-------\n{}|{}|{}\n",
    ],
)
def test_a_line_drawn_below_the_header_is_no_row(tmp_path, table):
    found = told(tmp_path, table.format(*ANA))
    assert [[cell for cell in cells if cell] for cells in found["records"]] == [ANA]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("email,name,balance\n" + "a@b.de,Ana,1,50\n" * 3, "uneven_header", id="a comma in an amount"),
        pytest.param("email,name\n1,a@b.de,Ana\n2,b@b.de,Bo\n", "uneven_header", id="names of rows"),
        pytest.param("email,,name,company\n" + ROW * 3, "uneven_header", id="a delimiter too many"),
        pytest.param('"email,name,company";;\n' * 2, "names_in_one_cell", id="lines in the first cell"),
        pytest.param("email|~name|~company\na@b.de|~Ana|~ACME\n", "long_delimiter", id="two signs"),
        pytest.param("email~|name~|company\na@b.de~|Ana~|ACME\n", "long_delimiter", id="two signs, turned"),
        pytest.param("email      name    company\na@b.de     Ana     ACME\n", "fixed_width", id="fixed width"),
    ],
)
def test_a_header_that_cannot_be_that_of_its_rows_is_refused(tmp_path, text, code):
    assert told(tmp_path, text)["refused"]["code"] == code


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HEADER + "ana@example.com,Ana,ACME,,\n" * 3, id="empty cells at the end of the rows"),
        pytest.param("email,name,company,\n" + ROW * 3, id="a delimiter at the end of the header"),
        pytest.param("email,name,company,phone\n" + ROW * 3, id="rows without their last cell"),
        pytest.param("email,name,company,,phone\n" + "ana@example.com,Ana,ACME,\n" * 3, id="an empty column"),
        pytest.param(HEADER + ROW * 3 + "bo@example.com,Oun, Bo,ACME\n", id="one row with a cell too many"),
    ],
)
def test_a_header_that_may_be_that_of_its_rows_is_taken(tmp_path, text):
    assert [cells[:3] for cells in told(tmp_path, text)["records"][:3]] == [ANA] * 3


def test_of_a_single_row_the_header_is_not_told_to_be_another_one(tmp_path):
    assert "line 2: The row has 4 cells" in told(tmp_path, HEADER + "a@b.de,Oun, Bo,ACME\n")["warnings"][-1]


@pytest.mark.parametrize("sign", ["!", "/", "\\", "=", "·", "\x02", "\x1c", "$"])
def test_a_sign_between_known_names_is_a_delimiter(tmp_path, sign):
    found = told(tmp_path, (HEADER + ROW * 3).replace(",", sign))
    assert (found["header"], found["records"]) == (["email", "name", "company"], [ANA] * 3)


@pytest.mark.parametrize("header", ["email<>name<>company", "email,name,phone/fax", "email, name"])
def test_a_sign_beside_others_or_between_fewer_names_is_none(header):
    assert sign_between(header, KNOWN) == ""


def test_a_header_further_down_counts_only_where_there_is_none_before(tmp_path):
    found = told(
        tmp_path, "email,name\n" + "a@b.de,Ana\n" * 60 + "\nemail,name,company,phone\n" + "b@b.de,Bo,ACME,1\n" * 3
    )
    assert (found["header"], len(found["records"])) == (["email", "name"], 60)


def test_known_names_make_a_header_also_where_others_look_like_values(tmp_path):
    found = told(tmp_path, "email,name,2022,2023\na@b.de,Ana,1,2\nb@b.de,Bo,1,2\n")
    assert (found["header"], found["questions"]) == (["email", "name", "2022", "2023"], [])
