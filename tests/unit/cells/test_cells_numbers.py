"""Numbers are read exactly, by the decimal mark of their column; what has two readings is never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.files.cells.chain import reader_of
from importer.files.cells.evidence import decide
from importer.files.cells.readings import Reading

DIGITS = st.integers(min_value=0, max_value=10**15)
CENTS = st.text("0123456789", max_size=6)

BY_POINT = [
    ("1,500", "1500", "thousands"),
    ("1,234.50", "1234.50", "thousands"),
    ("1,23,456.78", "123456.78", "thousands"),
    ("1 234 567", "1234567", "thousands"),
    ("1'234'567.00", "1234567.00", "thousands"),
    ("1\u2019234.5", "1234.5", "thousands"),
    ("1\u202f234\u202f567.00", "1234567.00", "thousands"),
    ("(12.50)", "-12.50", "sign"),
    ("12.50-", "-12.50", "sign"),
    ("\u221212.50", "-12.50", "sign"),
    ("+5", "5", "sign"),
    ("$12.50", "12.50", "currency"),
    ("-\u20ac12.50", "-12.50", "currency"),
    ("12.50 EUR", "12.50", "currency"),
    ("($1,200.00)", "-1200.00", "currency"),
    ("Rs. 1,23,456", "123456", "currency"),
]
BY_COMMA = [
    ("1234,50", "1234.50", "decimal_mark"),
    ("-0,99", "-0.99", "decimal_mark"),
    ("1.500", "1500", "thousands"),
    ("1.500,25", "1500.25", "thousands"),
    ("10 237,65", "10237.65", "thousands"),
    ("10\u00a0237,65", "10237.65", "thousands"),
    ("R$ 1.234,50", "1234.50", "currency"),
    ("12,50 z\u0142", "12.50", "currency"),
    ("99 K\u010d", "99", "currency"),
    ("\u20ac 12,50-", "-12.50", "currency"),
]


@pytest.mark.parametrize(("cell", "number", "kind"), BY_POINT)
def test_numbers_with_a_decimal_point(read, cell, number, kind):
    assert read("decimal", cell, decimal_mark=".") == (number, [kind], None)


@pytest.mark.parametrize(("cell", "number", "kind"), BY_COMMA)
def test_numbers_with_a_decimal_comma(read, cell, number, kind):
    assert read("decimal", cell, decimal_mark=",") == (number, [kind], None)


@pytest.mark.parametrize("cell", ["0", "12", "-1234.56", ".5", "12.300000000000001", "5.00264219E+01", "007.10"])
def test_a_plain_number_is_read_as_it_is(read, cell):
    assert read("decimal", cell, decimal_mark=".") == (cell, [], None)


@pytest.mark.parametrize(
    ("cell", "number"),
    [("1234", "1234"), ("12.5", "12.5"), ("1.234.567", "1234567"), ("1.234,56", "1234.56"), ("0,99", "0.99")],
)
def test_without_a_known_mark_what_has_one_reading_is_read(read, cell, number):
    assert read("decimal", cell)[::2] == (number, None)


@pytest.mark.parametrize("cell", ["1.500", "1,500", "-12.345", "$ 1.500", "250.000"])
def test_without_a_known_mark_what_has_two_readings_is_a_fault(read, cell):
    assert read("decimal", cell) == (cell, [], "ambiguous_number")


@pytest.mark.parametrize(("mark", "cell"), [(",", "12.34"), (",", "0.500"), (".", "0,99"), (".", "1.234.567")])
def test_a_number_with_the_other_mark_is_a_fault(read, mark, cell):
    assert read("decimal", cell, decimal_mark=mark) == (cell, [], "other_decimal_mark")


@pytest.mark.parametrize(
    "cell",
    [
        "abc",
        "12,-",
        "12.-",
        "1 2 3",
        "1,234 567",
        "1.50.000",
        "--5",
        "(-5)",
        "(5",
        "12 PCS",
        "$5 EUR",
        "1_000",
        "0x1F",
        "#12",
        "50\u00a2",
        "EUR",
    ],
)
def test_what_is_no_number_is_a_fault(read, cell):
    assert read("decimal", cell, decimal_mark=".")[2] == "not_a_number"


@pytest.mark.parametrize("cell", ["12%", "12 %", "%12", "(3%)", "5\u2030"])
def test_a_percent_sign_is_a_fault_while_nobody_has_said_what_it_means(read, cell):
    assert read("decimal", cell, decimal_mark=".")[2] == "percent"


@pytest.mark.parametrize(
    ("cell", "points", "share"),
    [
        ("12%", "12", "0.12"),
        ("12,50 %", "12.50", "0.1250"),
        ("%7", "7", "0.07"),
        ("-0,5%", "-0.5", "-0.005"),
        ("1.250%", "1250", "12.50"),
    ],
)
def test_a_percent_sign_is_read_as_a_person_has_said(read, cell, points, share):
    assert read("decimal", cell, decimal_mark=",", percent="points") == (points, ["percent"], None)
    assert read("decimal", cell, decimal_mark=",", percent="share") == (share, ["percent"], None)


@pytest.mark.parametrize("cell", ["12%%", "%", "abc%", "1%2", "5\u2030"])
def test_what_is_no_number_stays_none_with_a_percent_sign(read, cell):
    text, _, fault = read("decimal", cell, decimal_mark=",", percent="share")
    assert (text, fault in ("percent", "not_a_number")) == (cell, True)


def test_numbers_with_a_percent_sign_are_asked_about_and_show_the_decimal_mark():
    decision = decide("decimal", [(2, "12,5%"), (3, "4%")])
    assert (decision.open, decision.reading.decimal_mark) == (("percent",), ",")
    known = Reading("decimal", percent="share")
    assert decide("decimal", [(2, "12,5%")], known=known).open == ()


def test_a_long_cell_is_refused_at_once(read):
    assert read("decimal", "1" + " " * 100_000 + "x")[2] == "not_a_number"


def _grouped(number: int, between: str) -> str:
    return f"{number:,}".replace(",", between)


@given(DIGITS, CENTS, st.sampled_from(["", ",", " ", "\u00a0", "\u202f", "'", "\u2019"]), st.booleans())
def test_a_number_formatted_with_a_point_comes_back_in_its_exact_digits(number, cents, between, is_negative):
    sign = "-" if is_negative else ""
    behind = f".{cents}" if cents else ""
    outcome = reader_of(Reading("decimal", decimal_mark="."))(f"{sign}{_grouped(number, between)}{behind}")
    assert outcome.text == f"{sign}{number}{behind}"


@given(
    DIGITS,
    CENTS,
    st.sampled_from(["", ".", " ", "\u00a0", "\u202f", "'"]),
    st.sampled_from(["", "\u20ac ", "CHF"]),
)
def test_a_number_formatted_with_a_comma_comes_back_in_its_exact_digits(number, cents, between, currency):
    behind = f",{cents}" if cents else ""
    outcome = reader_of(Reading("decimal", decimal_mark=","))(f"{currency}{_grouped(number, between)}{behind}")
    assert outcome.text == f"{number}{behind.replace(',', '.')}"


@given(DIGITS, CENTS, st.sampled_from([".", ","]), st.sampled_from(["", ".", ",", " "]))
def test_without_a_known_mark_a_number_is_never_misread(number, cents, mark, between):
    if between == mark:
        return
    behind = f"{mark}{cents}" if cents else ""
    outcome = reader_of(Reading("decimal"))(f"{_grouped(number, between)}{behind}")
    assert outcome.fault or outcome.text == f"{number}{behind.replace(',', '.')}"
