"""The sample of a column decides how it is read; what leaves two readings is asked, with examples."""

import pytest

from importer.files.cells.evidence import decide
from importer.files.cells.readings import Reading


def column(kind, *cells, **given):
    """What is decided of a column with these cells, the first of them in line 2."""
    return decide(kind, list(enumerate(cells, 2)), **given)


@pytest.mark.parametrize(
    ("cells", "mark", "evidence"),
    [
        (("1.500", "1.500,25"), ",", "1.500,25 in line 3 shows a decimal comma"),
        (("0,99", "0,99"), ",", "0,99 in line 2 shows a decimal comma"),
        (("2.000.000", "1.500"), ",", "2.000.000 in line 2 shows a decimal comma"),
        (("1,500", "1,234.56"), ".", "1,234.56 in line 3 shows a decimal point"),
        (("0.5", "1,500"), ".", "0.5 in line 2 shows a decimal point"),
        (("$ 12.50",), ".", "$ 12.50 in line 2 shows a decimal point"),
    ],
)
def test_one_number_proves_the_decimal_mark(cells, mark, evidence):
    decision = column("decimal", *cells)
    assert (decision.reading, decision.evidence) == (Reading("decimal", decimal_mark=mark), evidence)
    assert not decision.open


@pytest.mark.parametrize("cells", [(), ("1", "-20"), ("1 234", ""), ("NULL", "-"), ("abc",), ("#REF!",)])
def test_numbers_without_a_mark_leave_nothing_to_decide(cells):
    assert column("decimal", *cells) == (Reading("decimal"), "", (), {}, {}, {})


def test_only_numbers_with_two_readings_leave_the_mark_open():
    decision = column("integer", "12", "1.000", "2.500", "10.000", "250.000")
    assert decision.open == ("decimal_mark",)
    assert decision.reading.decimal_mark is None
    assert decision.examples == {"decimal_mark": ("1.000", "2.500", "10.000")}
    assert decision.proposed == {}


def test_proofs_of_both_marks_leave_it_open_and_say_so():
    decision = column("decimal", "0,5", "7,25", "1,5", "0.5")
    assert decision.open == ("decimal_mark",)
    assert "0,5 in line 2 shows a decimal comma, and 0.5 in line 5 shows a decimal point" in decision.evidence
    assert decision.examples == {"decimal_mark": ("0,5", "0.5")}


def test_a_known_mark_holds_until_a_number_contradicts_it():
    known = Reading("decimal", decimal_mark=",")
    assert column("decimal", "1.500", "3", known=known).reading == known
    decision = column("decimal", "1.500", "0.5", known=known)
    assert decision.open == ("decimal_mark",)
    assert decision.reading.decimal_mark is None
    assert decision.proposed == {"decimal_mark": "."}


@pytest.mark.parametrize(
    ("cells", "order", "evidence"),
    [
        (("03/04/2024", "31/12/2024"), "dmy", "31/12/2024 in line 3 shows that the day comes first"),
        (("03/04/2024", "12/31/2024"), "mdy", "12/31/2024 in line 3 shows that the month comes first"),
        (("20240131",), "ymd", "20240131 in line 2 shows that the year comes first"),
        (("45322", "2024-01-31"), "serial", "45322 in line 2 is a day number of a spreadsheet: 2024-01-31"),
        (("31.12.2024", "45322"), "dmy", "31.12.2024 in line 2 shows that the day comes first"),
        (("31.12.2024 10:30",), "dmy", "31.12.2024 10:30 in line 2 shows that the day comes first"),
        (("03/04/2024", "31/12/2024", "20240305"), "dmy", "31/12/2024 in line 3 shows that the day comes first"),
    ],
)
def test_one_date_proves_the_order(cells, order, evidence):
    decision = column("date", *cells)
    assert (decision.reading.date_order, decision.evidence, decision.open) == (order, evidence, ())


@pytest.mark.parametrize(
    "cells", [(), ("2024-01-31", "2024/3/4"), ("31 January 2024",), ("05.05.2024",), ("abc",), ("0000-00-00",)]
)
def test_dates_that_are_the_same_in_every_order_leave_nothing_to_decide(cells):
    assert column("date", *cells, earliest_year=1) == (Reading("date"), "", (), {}, {}, {})


def test_only_dates_with_two_readings_leave_the_order_open():
    decision = column("date", "2024-01-31", "03/04/2024", "05/05/2024", "01/02/2024")
    assert decision.open == ("date_order",)
    assert decision.examples == {"date_order": ("03/04/2024", "01/02/2024")}


def test_the_majority_is_no_proof_of_the_order():
    decision = column("date", *(f"{day}.12.2024" for day in range(13, 32)), "12.31.2024")
    assert decision.open == ("date_order",)
    assert decision.examples == {"date_order": ("13.12.2024", "12.31.2024")}
    assert "contradicts itself" in decision.evidence


def test_years_of_two_digits_may_come_first_with_hyphens():
    bounds = {"earliest_year": 1980, "latest_year": 2030}
    assert column("date", "24-03-05", **bounds).open == ("date_order",)
    assert column("date", "24-03-05", "99-12-31", **bounds).reading.date_order == "ymd"
    assert column("date", "24/03/05", **bounds).reading.date_order == "dmy"


@pytest.mark.parametrize(
    ("known", "cell", "proposed"),
    [("mdy", "31/12/2024", "dmy"), ("dmy", "45322", "serial"), ("dmy", "12/31/2024", "mdy")],
)
def test_a_known_order_is_open_again_where_a_date_contradicts_it(known, cell, proposed):
    decision = column(
        "date", "03/04/2024" if cell != "45322" else "", cell, known=Reading("date", date_order=known)
    )
    assert decision.open == ("date_order",)
    assert decision.reading.date_order is None
    assert decision.proposed == {"date_order": proposed}


def test_a_known_order_of_day_numbers_is_open_again_where_there_are_other_dates():
    assert column("date", "03/04/2024", known=Reading("date", date_order="serial")).open == ("date_order",)


def test_a_known_order_holds_where_nothing_contradicts_it():
    known = Reading("date", date_order="dmy")
    assert column("date", "03/04/2024", known=known, earliest_year=1).reading == known


def test_the_century_is_asked_only_where_both_fit():
    bounds = {"earliest_year": 1900, "latest_year": 2026}
    asked = column("date", "31.12.54", "31.12.24", **bounds)
    assert asked.open == ("century",)
    assert asked.examples == {"century": ("31.12.24",)}
    assert asked.proposed == {"century": 1927}
    assert column("date", "31.12.54", "31.12.88", **bounds).reading.century == 1927
    assert column("date", "31.12.24", earliest_year=1950, latest_year=2030).reading.century == 1931


def test_without_bounds_the_century_is_asked_and_nothing_proposed():
    decision = column("date", "31.12.24", known=Reading("date", date_order="dmy"))
    assert (decision.open, decision.proposed) == (("century",), {})


def test_a_known_century_is_open_again_where_a_year_lies_outside_the_field():
    known = Reading("date", date_order="dmy", century=1900)
    assert column("date", "31.12.24", known=known, earliest_year=1).reading == known
    decision = column("date", "31.12.24", known=known, earliest_year=1950, latest_year=2030)
    assert (decision.open, decision.reading.century) == (("century",), None)


def test_words_for_no_value_in_a_text_are_asked():
    decision = column("text", "ACME", "NULL", "-", "NULL")
    assert decision.open == ("no_values",)
    assert decision.examples == {"no_values": ("NULL", "-")}
    assert decision.proposed == {"no_values": ("NULL", "-")}
    assert decision.reading == Reading()


def test_namibia_is_not_asked_about():
    assert not column("code", "NA", "DE").open


def test_words_for_no_value_that_are_known_or_kept_are_not_asked_again():
    assert not column("text", "null", known=Reading(no_values=("NULL",))).open
    assert not column("text", "NULL", known=Reading(words={"null": "NULL"})).open
    assert column("text", "null", "-", known=Reading(no_values=("NULL",))).proposed == {"no_values": ("NULL", "-")}


def test_words_that_are_none_of_the_choices_are_asked_and_near_ones_proposed():
    decision = column("choice", "Red", "red", "Geen", "violet", choices=("Red", "Green", "Blue"))
    assert decision.open == ("words",)
    assert decision.examples == {"words": ("red", "Geen", "violet")}
    assert decision.proposed == {"words": {"red": "Red", "geen": "Green"}}
    assert decision.reading.words == {}


def test_a_known_value_map_holds_while_its_values_are_choices():
    known = Reading("choice", words={"rot": "Red"})
    assert column("choice", "Rot", known=known, choices=("Red",)).reading == known
    assert column("choice", "Rot", known=known, choices=("Crimson",)).open == ("words",)


def test_a_long_cell_fails_and_nobody_is_asked_what_it_stands_for():
    assert column("choice", "Rot", "x" * 101, choices=("Red",)).examples == {"words": ("Rot",)}
    assert not column("country", "x" * 101).open


def test_unknown_words_for_yes_and_no_are_asked():
    assert not column("yes_no", "Ja", "nein", "x").open
    decision = column("yes_no", "aktiv", "ja")
    assert (decision.open, decision.examples) == (("words",), {"words": ("aktiv",)})
    assert not column("yes_no", "aktiv", known=Reading("yes_no", words={"aktiv": "true"})).open


@pytest.mark.parametrize("cell", ["NULL", "N/A", "-", "\u2011", "?"])
def test_what_can_be_no_telephone_number_means_that_there_is_none(cell):
    decision = column("phone", "0301", cell)
    assert (decision.reading, decision.open) == (Reading("phone", no_values=(cell,)), ())
    assert decision.evidence == f"{cell} in line 3 is no telephone number, and read as no value"


def test_what_leaves_a_column_open_is_told_in_words():
    reason = column("decimal", "1.00", "5,00").reasons["decimal_mark"]
    assert reason.endswith("5,00 in line 3 shows a decimal comma, so the column contradicts itself")
