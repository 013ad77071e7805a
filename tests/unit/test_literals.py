"""Values as the text that Postgres reads."""

from datetime import date
from decimal import Decimal

import pytest

from importer.record_types.literals import array_literal, copy_column


def test_an_array_literal_quotes_what_postgres_would_misread():
    assert array_literal([None, 'a"b', "c\\d", "", "{x,y}", 5]) == '{NULL,"a\\"b","c\\\\d","","{x,y}","5"}'


def test_values_that_need_no_escaping_are_copied_as_they_are():
    assert list(copy_column(["", 'a"b', "NULL", "ü", "{x,y}"])) == ["", 'a"b', "NULL", "ü", "{x,y}"]
    assert list(copy_column([5, Decimal("1.50"), date(2026, 1, 2)])) == ["5", "1.50", "2026-01-02"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, r"\N"),
        (r"\N", r"\\N"),
        (r"\.", r"\\."),
        ("a\tb", r"a\tb"),
        ("a\r\nb", r"a\r\nb"),
        (b"\x00\xff", r"\\x00ff"),
        (True, "True"),
    ],
    ids=["no value", "backslash N", "end of data", "tab", "line end", "bytes", "boolean"],
)
def test_what_would_end_a_cell_or_a_line_of_a_copy_is_escaped(value, text):
    assert list(copy_column(["before", value])) == ["before", text]
