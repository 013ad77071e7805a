"""A cell passes one chain: it never raises, tells all that it alters, and changes nothing more the second time."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from importer.files.cells.chain import is_plain, may_need_cleaning, reader_of
from importer.files.cells.outcomes import ALTERATIONS, FAULTS, SHOWN_CHARS
from importer.files.cells.readings import DATE_ORDERS, DECIMAL_MARKS, KINDS, Reading
from importer.record_types.airports import AirportRow
from importer.record_types.contacts import ContactRow

PIECES = [
    "NULL",
    "-",
    "1.500",
    "1,5",
    "31.12.2024",
    " 10:30",
    "\u20ac",
    "(",
    ")",
    "'",
    '="',
    '"',
    "%",
    "#REF!",
    "Jan",
]
PIECES += [
    "Ana",
    "<",
    "a@b.org",
    ">",
    "mailto:",
    "\u00a0",
    "\u200b",
    "\u201c",
    "\u201d",
    "ja",
    ".0",
    "2024-01-31",
    "20",
]
CELLS = st.text(st.characters(exclude_categories=["Cs"])) | st.lists(st.sampled_from(PIECES), max_size=5).map(
    "".join
)
CELLS |= st.text(alphabet=string.digits + " .,-/:'()T", max_size=20)

READINGS = st.builds(
    Reading,
    kind=st.sampled_from(sorted(KINDS)),
    decimal_mark=st.sampled_from([None, *DECIMAL_MARKS]),
    date_order=st.sampled_from([None, *DATE_ORDERS]),
    century=st.sampled_from([None, 1900, 1930]),
    no_values=st.sampled_from([(), ("none given", "0")]),
    words=st.sampled_from([{}, {"Deutschland": "DE", "aktiv": "true"}]),
)


@settings(max_examples=1000)
@given(READINGS, CELLS)
def test_the_chain_takes_any_text_and_tells_what_it_alters(reading, cell):
    outcome = reader_of(reading)(cell)
    assert outcome == reader_of(reading)(cell)
    assert {made.kind for made in outcome.alterations} <= ALTERATIONS.keys()
    if outcome.fault:
        assert outcome.fault.code in FAULTS
        assert outcome.fault.message.startswith("should be ")
        assert not outcome.fault.message.endswith(".")
        assert "{" not in outcome.fault.message.replace(outcome.text[: SHOWN_CHARS - 1], "")
    elif outcome.text != cell and cell.strip():
        assert outcome.alterations[0].before == cell
        assert outcome.alterations[-1].after == outcome.text


@settings(max_examples=1000)
@given(READINGS, CELLS)
def test_reading_again_what_was_read_changes_nothing_more(reading, cell):
    """What is read is written plainly, with a decimal point."""
    outcome = reader_of(reading)(cell)
    again = Reading(reading.kind, decimal_mark=".", date_order=reading.date_order)
    if outcome.text is not None and not outcome.fault and not reading.words:
        assert reader_of(again)(outcome.text) == (outcome.text, (), None)


@pytest.mark.parametrize("cell", ["NULL", r"\N", "n/a", "#N/A", "NA", "none", "nil", "NaN", "-", "--", "?"])
@pytest.mark.parametrize("kind", ["decimal", "integer", "date", "datetime", "yes_no"])
def test_where_no_text_can_stand_words_for_no_value_are_read_so_and_told(read, kind, cell):
    assert read(kind, cell) == (None, ["no_value"], None)


@pytest.mark.parametrize("cell", ["0000-00-00", "0000-00-00 00:00:00", "  /  /  ", "__.__.____"])
def test_a_date_that_is_none_is_no_value(read, cell):
    assert read("date", cell)[::2] == (None, None)


@pytest.mark.parametrize("cell", ["491512345678.0", "491512345678,0"])
def test_the_decimal_behind_a_telephone_number_is_removed(read, cell):
    assert read("phone", cell) == ("491512345678", ["point_zero"], None)


@pytest.mark.parametrize("cell", ["NULL", "NA", "-", "None"])
@pytest.mark.parametrize("kind", ["text", "choice", "phone", "email"])
def test_where_a_text_can_stand_such_words_stay_unless_they_are_named(read, kind, cell):
    assert read(kind, cell) == (cell, [], None)
    assert read(kind, cell.lower(), no_values=(cell,)) == (None, ["no_value"], None)


def test_namibia_is_a_country(read):
    assert read("code", "NA") == ("NA", [], None)


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"text"}))
@pytest.mark.parametrize("cell", ["#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#BEZUG!", "#WERT!"])
def test_an_error_of_a_spreadsheet_is_a_fault(read, kind, cell):
    assert read(kind, cell) == (cell, [], "spreadsheet_error")


@pytest.mark.parametrize(
    "cell", ["yes", "Y", "TRUE", "1", "x", "Ja", "wahr", "Oui", "S\u00ed", "sim", "vero", "tak"]
)
def test_yes_in_several_languages(read, cell):
    assert read("yes_no", cell) == ("true", ["yes_no"], None)


@pytest.mark.parametrize(
    "cell", ["no", "N", "FALSE", "0", "Nein", "falsch", "Non", "n\u00e3o", "nee", "nie", "off"]
)
def test_no_in_several_languages(read, cell):
    assert read("yes_no", cell) == ("false", ["yes_no"], None)


def test_another_word_for_yes_is_a_fault_until_the_value_map_has_it(read):
    assert read("yes_no", "aktiv") == ("aktiv", [], "not_yes_no")
    assert read("yes_no", "AKTIV", words={"Aktiv": "true"}) == ("true", ["word"], None)
    assert read("yes_no", "1", words={"1": "false"}) == ("false", ["word"], None)


def test_a_choice_is_read_by_the_value_map_without_case_and_accents(read):
    assert read("choice", "  \u00d6STERREICH ", words={"osterreich": "AT"})[0] == "AT"
    assert read("choice", "France", words={"\u00d6sterreich": "AT"}) == ("France", [], None)


def test_a_code_is_put_into_capitals_and_told(read):
    assert read("code", "zz44a") == ("ZZ44A", ["capitals"], None)
    assert read("code", "DE") == ("DE", [], None)


@pytest.mark.parametrize(
    "cell",
    [
        "Ana Silva <ana@x.org>",
        '"Silva, Ana" <ana@x.org>',
        "ana@x.org <ana@x.org>",
        "<ana@x.org>",
        "mailto:ana@x.org",
        "MAILTO: ana@x.org",
    ],
)
def test_one_address_is_taken_out_of_its_name_or_link(read, cell):
    assert read("email", cell) == ("ana@x.org", ["address"], None)


@pytest.mark.parametrize("cell", ["ana@x.org; bo@x.org", "ana@x.org,bo@x.org", "bo@x.org <ana@x.org>"])
def test_several_addresses_are_a_fault(read, cell):
    assert read("email", cell) == (cell, [], "several_addresses")


@pytest.mark.parametrize("cell", ["mailto:", "mailto:'ana@x.org'", "Ana <ana>"])
def test_what_holds_no_plain_address_is_left_to_its_check(read, cell):
    assert read("email", cell) == (cell, [], None)


def test_a_phone_number_loses_the_point_zero_of_a_program(read):
    assert read("phone", "491512345678.0") == ("491512345678", ["point_zero"], None)


@pytest.mark.parametrize("cell", ["4.91512E+12", "+49 151 2345678", "030.123.0"])
def test_other_phone_numbers_are_left_to_their_check(read, cell):
    assert read("phone", cell) == (cell, [], None)


def test_a_sentence_names_a_long_cell_only_in_part():
    fault = reader_of(Reading("date"))("2024-02-30" + "x" * 1000).fault
    assert fault is not None
    assert len(fault.message) < 300


FIELDS: list[tuple[type[BaseModel], str, Reading]] = [
    (ContactRow, "name", Reading()),
    (ContactRow, "email", Reading("email")),
    (ContactRow, "phone", Reading("phone")),
    (ContactRow, "signup_date", Reading("date")),
    (ContactRow, "balance", Reading("decimal", decimal_mark=".")),
    (AirportRow, "lat", Reading("decimal", decimal_mark=".")),
]
KEYS = {ContactRow: {"email": "a@b.org"}, AirportRow: {"icao": "EDDF"}}


@settings(max_examples=1000)
@given(
    st.sampled_from(FIELDS),
    CELLS | st.sampled_from(["12", "1.5", "+5", "2024-01-31", "a@b.org", "2024-01-31T00:00"]),
)
def test_of_a_plain_column_the_check_takes_clean_cells_as_the_chain_would(field, cell):
    """They may therefore be checked without the chain."""
    schema, name, reading = field
    assert is_plain(reading)

    def checked(text: str | None) -> object:
        return getattr(schema.model_validate({**KEYS[schema], name: text}), name)

    try:
        taken = checked(cell)
    except ValidationError:
        return
    if not may_need_cleaning(to_json([cell])):
        outcome = reader_of(reading)(cell)
        assert outcome.fault is None
        assert checked(outcome.text) == taken or cell == ""


@pytest.mark.parametrize(
    "reading",
    [
        Reading("decimal"),
        Reading("decimal", decimal_mark=","),
        Reading("date", date_order="dmy"),
        Reading("date", date_order="serial"),
        Reading("code"),
        Reading("yes_no"),
        Reading("datetime"),
        Reading(no_values=("NULL",)),
        Reading("choice", words={"a": "b"}),
    ],
)
def test_a_column_that_must_be_read_is_not_plain(reading):
    assert not is_plain(reading)


def test_a_reading_is_stored_as_what_differs_from_the_default():
    assert Reading().as_json() == {}
    whole = Reading("date", ",", "dmy", 1930, ("NULL",), {"ja": "true"})
    assert whole.as_json() == {
        "kind": "date",
        "decimal_mark": ",",
        "date_order": "dmy",
        "century": 1930,
        "no_values": ["NULL"],
        "words": {"ja": "true"},
    }
    assert Reading.from_json(whole.as_json()) == whole
    assert Reading.from_json({}) == Reading()


@pytest.mark.parametrize("part", [{"kind": "colour"}, {"decimal_mark": ";"}, {"date_order": "dym"}])
def test_a_reading_that_nobody_knows_is_refused(part):
    with pytest.raises(ValueError, match="unknown"):
        Reading.from_json(part)
