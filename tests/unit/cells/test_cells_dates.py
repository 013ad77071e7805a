"""Dates are read in the order of their column; what has two readings, or is in another order, fails."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.files.cells.chain import reader_of
from importer.files.cells.month_names import MONTHS, NAMES_BY_MONTH
from importer.files.cells.readings import Reading

NAMED = [
    ("31 Jan 2024", "2024-01-31"),
    ("Jan 31, 2024", "2024-01-31"),
    ("31. Januar 2024", "2024-01-31"),
    ("31-Jan-2024", "2024-01-31"),
    ("31Jan2024", "2024-01-31"),
    ("2024-Jan-31", "2024-01-31"),
    ("1er f\u00e9vrier 2024", "2024-02-01"),
    ("3 de marzo de 2024", "2024-03-03"),
    ("1\u00ba de mar\u00e7o de 2024", "2024-03-01"),
    ("5 maart 2024", "2024-03-05"),
    ("12 pa\u017adziernika 2024", "2024-10-12"),
    ("31st of December 2024", "2024-12-31"),
    ("Wednesday, 31 January 2024", "2024-01-31"),
    ("mar. 5 mars 2024", "2024-03-05"),
    ("Mi., 31. Jan. 2024", "2024-01-31"),
]

ANY_ORDER = st.sampled_from([None, "dmy", "mdy", "ymd", "serial"])


@pytest.mark.parametrize(("cell", "day"), NAMED)
def test_months_have_names_in_eight_languages(read, cell, day):
    assert read("date", cell) == (day, ["date"], None)


@pytest.mark.parametrize("order", [None, "dmy", "mdy", "ymd", "serial"])
def test_a_date_with_the_whole_year_first_is_read_whatever_the_order(read, order):
    assert read("date", "2024-01-31", date_order=order) == ("2024-01-31", [], None)
    assert read("date", "2024/1/5", date_order=order) == ("2024-01-05", ["date"], None)


@pytest.mark.parametrize(
    ("order", "cell", "day"),
    [
        ("dmy", "03/04/2024", "2024-04-03"),
        ("mdy", "03/04/2024", "2024-03-04"),
        ("dmy", "4.5.2024", "2024-05-04"),
        ("dmy", "1. 2. 2024", "2024-02-01"),
        ("ymd", "20240131", "2024-01-31"),
        (None, "31.12.2024", "2024-12-31"),
        (None, "05/05/2024", "2024-05-05"),
    ],
)
def test_the_order_of_the_column_decides(read, order, cell, day):
    assert read("date", cell, date_order=order) == (day, ["date"], None)


@pytest.mark.parametrize(
    ("order", "cell", "code"),
    [
        (None, "03/04/2024", "ambiguous_date"),
        ("dmy", "12/31/2024", "other_date_order"),
        ("mdy", "31.12.2024", "other_date_order"),
        ("ymd", "31.12.2024", "other_date_order"),
        ("dmy", "31.02.2024", "impossible_date"),
        (None, "2024-02-30", "impossible_date"),
        (None, "2023-02-29", "impossible_date"),
        ("dmy", "20240131", "not_a_date"),
        (None, "45322", "day_number"),
        ("dmy", "45322", "day_number"),
        (None, "abc", "not_a_date"),
        (None, "Marzo 2024", "not_a_date"),
        (None, "12:30", "not_a_date"),
        ("dmy", "123/04/2024", "not_a_date"),
        ("dmy", "31.12.24", "two_digit_year"),
        (None, "2024-01-31 10:30", "time_of_day"),
        ("serial", "45322.5", "time_of_day"),
        ("serial", "19999", "not_a_date"),
        (None, "#REF!", "spreadsheet_error"),
        (None, "######", "spreadsheet_error"),
    ],
)
def test_what_contradicts_the_column_or_is_no_date_is_a_fault(read, order, cell, code):
    assert read("date", cell, date_order=order) == (cell, [], code)


@pytest.mark.parametrize(
    ("century", "cell", "day"),
    [(1930, "31.12.24", "2024-12-31"), (1930, "31.12.45", "1945-12-31"), (1900, "5-Mar-24", "1924-03-05")],
)
def test_years_of_two_digits_lie_in_the_hundred_years_of_the_column(read, century, cell, day):
    assert read("date", cell, date_order="dmy", century=century) == (day, ["date"], None)


def test_the_29th_of_february_depends_on_the_century(read):
    assert read("date", "29.02.00", date_order="dmy", century=1950)[0] == "2000-02-29"
    assert read("date", "29.02.00", date_order="dmy", century=1850)[2] == "impossible_date"


@pytest.mark.parametrize("time", [" 00:00", " 00:00:00.000", "T00:00:00Z", " 0:00:00", ", 12:00 AM"])
def test_a_time_of_midnight_is_cut_off(read, time):
    assert read("date", f"2024-01-31{time}") == ("2024-01-31", ["midnight"], None)
    assert read("date", f"31.01.2024{time}") == ("2024-01-31", ["date"], None)


def test_day_numbers_are_read_where_the_column_has_them(read):
    assert read("date", "45322", date_order="serial") == ("2024-01-31", ["day_number"], None)
    assert read("date", "45322.0", date_order="serial") == ("2024-01-31", ["day_number"], None)
    assert read("datetime", "45322.4375", date_order="serial") == ("2024-01-31T10:30:00", ["day_number"], None)


@pytest.mark.parametrize(
    ("cell", "iso"),
    [
        ("31.12.2024 10:30 Uhr", "2024-12-31T10:30:00"),
        ("31 Dec 2024 6:30 pm", "2024-12-31T18:30:00"),
        ("31 Dec 2024 12:05 AM", "2024-12-31T00:05:00"),
        ("31/12/2024 10:30:15.250 +0200", "2024-12-31T10:30:15.250+02:00"),
        ("31.12.2024", "2024-12-31"),
    ],
)
def test_a_field_with_a_time_keeps_it(read, cell, iso):
    assert read("datetime", cell, date_order="dmy")[::2] == (iso, None)


@pytest.mark.parametrize("cell", ["2024-01-31T10:30:00Z", "2024-01-31 10:30", "2024-01-31"])
def test_a_date_and_time_of_the_standard_stays_as_it_is(read, cell):
    assert read("datetime", cell) == (cell, [], None)


@pytest.mark.parametrize("cell", ["2024-01-31 25:00", "2024-01-31 10:61", "31 Dec 2024 13:00 pm", "x", "20240131"])
def test_a_time_that_no_clock_shows_is_a_fault(read, cell):
    assert read("datetime", cell)[2] == "not_a_date_time"


def test_each_name_of_a_month_is_one_month_in_all_languages():
    names = [name for names in NAMES_BY_MONTH for name in names.split()]
    assert len(names) == len(MONTHS)


DAYS = st.dates(date(1000, 1, 1), date(2999, 12, 31))
ORDERS = {"dmy": "{d}{s}{m}{s}{y}", "mdy": "{m}{s}{d}{s}{y}"}


@given(DAYS, st.sampled_from(["dmy", "mdy"]), st.sampled_from("./- "), st.booleans())
def test_a_date_written_in_an_order_comes_back(day, order, sign, is_padded):
    width = "02" if is_padded else ""
    cell = ORDERS[order].format(d=f"{day.day:{width}}", m=f"{day.month:{width}}", y=f"{day.year:04}", s=sign)
    assert reader_of(Reading("date", date_order=order))(cell).text == day.isoformat()


@given(DAYS, st.sampled_from(["dmy", "mdy"]), st.sampled_from("./-"))
def test_without_a_known_order_a_date_is_never_misread(day, order, sign):
    cell = ORDERS[order].format(d=day.day, m=day.month, y=f"{day.year:04}", s=sign)
    outcome = reader_of(Reading("date"))(cell)
    assert outcome.fault or outcome.text == day.isoformat()


@given(DAYS, st.sampled_from(sorted(MONTHS)), ANY_ORDER)
def test_a_date_with_the_name_of_its_month_comes_back(day, name, order):
    day = day.replace(month=MONTHS[name], day=min(day.day, 28))
    outcome = reader_of(Reading("date", date_order=order))(f"{day.day}. {name.title()} {day.year:04}")
    assert outcome.text == day.isoformat()


@given(st.dates(date(1930, 1, 1), date(2029, 12, 31)))
def test_a_year_of_two_digits_comes_back_within_its_hundred_years(day):
    reader = reader_of(Reading("date", date_order="ymd", century=1930))
    assert reader(f"{day:%y-%m-%d}").text == day.isoformat()
