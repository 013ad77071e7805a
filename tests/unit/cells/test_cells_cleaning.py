"""What nobody typed or sees is taken from a cell, and told; what belongs to a text stays."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from importer.files.cells.chain import Alteration, may_need_cleaning, reader_of
from importer.files.cells.cleaning import clean, is_clean
from importer.files.cells.outcomes import ALTERATIONS
from importer.files.cells.readings import Reading

SPECIAL = "\u200b\u200c\u200d\ufeff\u00ad\u200e\u202e\u00a0\u202f\u3000\x0b\x0c\x1b\x00\x7f\x85\u2028\t\n\r"
SPECIAL += "\u061c\u1680\u2066\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019\u201a'\"=+-@0a \u0645\U0001f468\\,u"
CELLS = st.text(alphabet=st.sampled_from(SPECIAL), max_size=8) | st.text(max_size=12)

CLEANED = [
    (" Ana ", "Ana", "blanks_around"),
    ("\u00a0Ana\u202f", "Ana", "blanks_around"),
    ("\u3000Ana\t", "Ana", "blanks_around"),
    ("\ufeffc03.ana@example.com", "c03.ana@example.com", "invisible"),
    ("Cy\u200b Dee\u200b", "Cy Dee", "invisible"),
    ("Cy \u00adDee", "Cy Dee", "invisible"),
    ("a\u200eb\u202ec", "abc", "invisible"),
    ("ab\u200cc", "abc", "invisible"),
    ("Street 1\x0bTown", "Street 1\nTown", "line_break"),
    ("Street 1\x0cTown", "Street 1\nTown", "line_break"),
    ("Bo\x1b Oun\x08", "Bo Oun", "control"),
    ("a\x00b\x7fc", "abc", "control"),
    ('="0049"', "0049", "formula_quotes"),
    ('="a ""b"" c"', 'a "b" c', "formula_quotes"),
    ("'0049", "0049", "text_mark"),
    ("'=A1", "=A1", "text_mark"),
    ("'\uff1dA1", "\uff1dA1", "text_mark"),
    ("\u201cBo Oun\u201d", "Bo Oun", "quotes_around"),
    ("\u201eBo Oun\u201c", "Bo Oun", "quotes_around"),
    ("\u00abBo Oun\u00bb", "Bo Oun", "quotes_around"),
    ("\u2018Bo Oun\u2019", "Bo Oun", "quotes_around"),
    ("'Bo Oun'", "Bo Oun", "quotes_around"),
    ("Bo\u00a0Oun", "Bo Oun", "no_break_blank"),
]

KEPT = [
    "line\none",
    "line\r\none",
    "tab\there",
    "O'Hara",
    "'90s music",
    "'it's'",
    "'s-Gravenhage",
    "\u201cA\u201d and \u201cB\u201d",
    "\u2018It\u2019s\u2019",
    "=A1+B1",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with the non-joiner that its spelling needs
    "\u0915\u094d\u200d\u0937",  # Hindi, with a joiner
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
    "\u5c71\u7530\u3000\u592a\u90ce",  # a Japanese name, with the blank that is usual there
    "back\\",
    "",
]


@pytest.mark.parametrize(("cell", "text", "kind"), CLEANED)
def test_what_is_cleaned_is_told(cell, text, kind):
    assert reader_of(Reading())(cell) == (text, (Alteration(kind, cell, text),), None)


@pytest.mark.parametrize("cell", KEPT)
def test_what_belongs_to_a_text_stays(cell):
    assert clean(cell) == (cell, ())


def test_alterations_are_told_in_the_order_in_which_they_were_made():
    outcome = reader_of(Reading())(" \u201c\ufeffAna\u201d ")
    assert [(made.before, made.after) for made in outcome.alterations] == [
        (" \u201c\ufeffAna\u201d ", " \u201cAna\u201d "),
        (" \u201cAna\u201d ", "\u201cAna\u201d"),
        ("\u201cAna\u201d", "Ana"),
    ]


@pytest.mark.parametrize("cell", ["", " ", "\t", "\u00a0", "\u3000 \n"])
def test_a_cell_of_blanks_is_empty_and_nothing_is_noted(cell):
    assert reader_of(Reading())(cell) == (None, (), None)


@pytest.mark.parametrize("cell", ["\u200b", "''", '=""'])
def test_a_cell_that_is_empty_once_it_is_cleaned_is_told(cell):
    outcome = reader_of(Reading())(cell)
    assert outcome.text is None
    assert outcome.alterations[-1].after is None


@given(CELLS)
def test_cleaning_twice_changes_nothing_more(cell):
    cleaned, alterations = clean(cell)
    assert clean(cleaned) == (cleaned, ())
    assert {made.kind for made in alterations} <= ALTERATIONS.keys()


@given(CELLS)
def test_every_alteration_begins_where_the_one_before_it_ended(cell):
    cleaned, alterations = clean(cell)
    texts = [cell, *(made.after or "" for made in alterations)]
    assert [made.before for made in alterations] == texts[:-1]
    assert texts[-1] == cleaned or not cell.strip()


@given(CELLS)
def test_what_is_called_clean_is(cell):
    if is_clean(cell):
        assert clean(cell) == (cell, ())


def needs_cleaning(cells):
    read_text, read_phone, read_email = (reader_of(Reading(kind)) for kind in ("text", "phone", "email"))
    return any(
        read(cell).alterations or read(cell).text != (cell or None)
        for read in (read_text, read_phone, read_email)
        for cell in cells
    )


@given(st.lists(CELLS | st.sampled_from([cell for cell, *_ in CLEANED]), min_size=1, max_size=4))
def test_rows_with_a_cell_that_would_be_altered_are_never_taken_for_clean(cells):
    written = [json.dumps(cells, separators=(",", ":")).encode()]
    if not any("\ud800" <= character <= "\udfff" for cell in cells for character in cell):
        written.append(to_json(cells))
    if needs_cleaning(cells):
        assert all(map(may_need_cleaning, written))


@pytest.mark.parametrize("special", [*SPECIAL, " "])
@pytest.mark.parametrize("cell", ["{}a", "a{}b", "a{}", "{}a{}", '="{}"', "\\{}", "{}\\"])
def test_one_special_character_anywhere_in_a_cell_is_seen(cell, special):
    cells = ["x", cell.replace("{}", special), "y"]
    written = [json.dumps(cells, separators=(",", ":")).encode(), to_json(cells)]
    assert all(map(may_need_cleaning, written)) or not needs_cleaning(cells)


@pytest.mark.parametrize("cell", ["491512345678.0", "Ana <ana@example.org>"])
def test_rows_are_not_taken_for_clean_where_a_phone_or_an_address_would_be_altered(cell):
    assert may_need_cleaning(to_json(["a", cell]))


def test_ordinary_rows_are_taken_for_clean():
    rows = [["ana@example.org", "Ana M\u00fcller", "O'Hara \u2013 \u20ac 5", 'say "hi"', "a\nb\tc", "12.50", None]]
    assert not may_need_cleaning(to_json(rows))
