"""Lines that stand in quotes as a whole are read by what is in them."""

import pytest

from importer.files.dialects import dialect_of
from importer.files.wrapped_lines import is_wrapped, unwrapped, unwrapped_lines

ROWS = ['"a@b.de,Ana,ACME"', '"b@b.de,""Oun, Bo"",ACME"']


def test_a_line_of_several_quoted_cells_is_not_wrapped():
    assert is_wrapped('"a,""b"",c"')
    assert not any(map(is_wrapped, ['"a","b"', '"",""', '"a",""', "a", '"', ""]))


def test_what_is_wrapped_has_its_quotes_once_and_anything_else_stays():
    assert unwrapped('"a,""b, c"""') == 'a,"b, c"'
    assert unwrapped('"a","b"') == '"a","b"'


def test_a_header_without_the_quotes_of_its_rows_is_read_with_them():
    found = dialect_of(["email,name,company", *ROWS])
    assert (found.dialect.delimiter, found.dialect.wraps_lines, found.width) == (",", True, 3)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["name", '"Silva, Ana"', '"Oun, Bo"', '"Dee, Cy"'], id="one quoted column with commas in it"),
        pytest.param(["email,name,company", '"a@b.de","Ana","ACME"', '"b@b.de","Bo","ACME"'], id="quoted cells"),
    ],
)
def test_quoted_cells_are_no_wrapped_lines(lines):
    assert not dialect_of(lines).dialect.wraps_lines


def test_where_most_lines_have_no_quotes_none_counts_as_wrapped():
    assert unwrapped_lines(["email,name,company", "a@b.de,Ana,ACME", "c@b.de,Cy,ACME", ROWS[0]]) is None


def test_texts_written_as_formulas_do_not_hide_the_delimiter():
    found = dialect_of(['="email",="full name"', '="a@b.de",="Ana Silva"', '="b@b.de",="Bo van Oun"'])
    assert found.dialect.delimiter == ","
