"""What reading a cell comes to: its text, what was altered, and what is wrong with it."""

from __future__ import annotations

from typing import NamedTuple

ALTERATIONS: dict[str, str] = {
    "blanks_around": "blanks around the value removed",
    "no_break_blank": "no-break blanks inside turned into plain ones",
    "invisible": "invisible characters removed",
    "line_break": "vertical tabs, form feeds and other rare line ends turned into line breaks",
    "control": "control characters removed",
    "formula_quotes": 'the value taken out of ="…"',
    "text_mark": "a spreadsheet's apostrophe before the value removed",
    "quotes_around": "quotes around the value removed",
    "no_value": "a word or sign for “no value” read as empty",
    "decimal_mark": "a decimal comma read as a point",
    "thousands": "separators between thousands removed",
    "sign": "a minus in parentheses, behind the number or of another shape, or a plus, written plainly",
    "currency": "a currency sign or code removed",
    "percent": "a percent sign removed, and the number divided by 100 where the column says so",
    "date": "a date written as year, month and day",
    "midnight": "a time of midnight removed",
    "early_year": "a year before 1900, taken as it stands",
    "date_time": "a date with a time of day written as year, month, day and time",
    "day_number": "a spreadsheet's day number read as a date",
    "yes_no": "a word for yes or no read as true or false",
    "word": "a word read as the value map says",
    "capitals": "a code put into capitals",
    "address": "the address taken out of a name and an address, or a link",
    "missing_cells": "missing cells at the end of a row counted as empty",
    "point_zero": "“.0” behind a telephone number removed",
}
"""Every kind of alteration: its code, and what was done, in words for people."""

FAULTS: dict[str, str] = {
    "spreadsheet_error": "should be a value: {cell} is an error of a spreadsheet; correct it there, or leave the"
    " cell empty",
    "not_a_number": "should be a number such as {example}, without other words or signs",
    "ambiguous_number": "should be a number with one reading: {cell} is {point} if the point is the decimal mark,"
    " and {comma} if the comma is; say which one the column has",
    "other_decimal_mark": "should be a number with {mark}, as the column has it; write it such as {example}",
    "percent": "should be a number without a percent or per mille sign: say whether 12% is 12 or 0.12 in its"
    " column, or write the number without the sign",
    "not_a_date": "should be a date such as {example}",
    "ambiguous_date": "should be a date with one reading: {cell} is {first} or {second}; say whether day or month"
    " comes first in the column, or write {first} or {second}",
    "other_date_order": "should be a date in the order of its column, which has {order}; write it such as"
    " 2024-01-31",
    "impossible_date": "should be a day that the calendar has, which {cell} is not; write it such as 2024-01-31",
    "two_digit_year": "should be a date with a year of four digits; write all of it, or say in which hundred years"
    " the column lies",
    "time_of_day": "should be a date alone: it has a time of day, and the field keeps the date only; remove the"
    " time",
    "day_number": "should be a date such as 2024-01-31; {cell} may be a day number of a spreadsheet: format the"
    " column there as a date",
    "not_a_date_time": "should be a date and a time of day such as 2024-01-31 18:30",
    "not_a_country": "should be a two-letter country code such as DE or GB: nobody has said what {cell}"
    " stands for; write the code",
    "not_yes_no": "should be yes or no, true or false, 1 or 0; or say what this word means",
    "several_addresses": "should be one e-mail address; leave one, and give the others rows of their own",
}
"""Every fault: its code, and what the cell should be."""

SHOWN_CHARS = 40
"""So much of a cell stands in the sentence about it."""


class Alteration(NamedTuple):
    """Something that was read otherwise than it stands in the file, or that is likely to be a mistake in it.

    Attributes:
        kind: one of `ALTERATIONS`.
        before: the text before it.
        after: the text after it; None: the cell counts as empty.
    """

    kind: str
    before: str
    after: str | None


class Fault(NamedTuple):
    """Why a cell cannot be read as its column is.

    Attributes:
        code: one of `FAULTS`.
        message: "should be …", a sentence in lower case without a full stop.
    """

    code: str
    message: str


class ReadCell(NamedTuple):
    """A cell as it was read.

    Attributes:
        text: what the field takes; None: no value. Where there is a fault, the cell as far as it was read.
        alterations: in the order in which they were made.
        fault: why the cell cannot be read; None: nothing is wrong.
    """

    text: str | None
    alterations: tuple[Alteration, ...] = ()
    fault: Fault | None = None


EMPTY = ReadCell(None)

make = tuple.__new__
"""What a named tuple's own constructor calls; it takes half the time, and these are made for each cell."""


def unaltered(text: str) -> ReadCell:
    """A cell read as it is."""
    return make(ReadCell, (text, (), None))


def altered(kind: str, before: str, after: str) -> ReadCell:
    """A cell read with one alteration."""
    return make(ReadCell, (after, (make(Alteration, (kind, before, after)),), None))


def faulty(code: str, cell: str, **facts: str) -> ReadCell:
    """A cell that cannot be read.

    Args:
        facts: what else the sentence names.
    """
    return ReadCell(cell, (), Fault(code, FAULTS[code].format(cell=shown(cell), **facts)))


def shown(cell: str) -> str:
    """A cell as a sentence names it: not longer than it can be read."""
    return cell if len(cell) <= SHOWN_CHARS else f"{cell[: SHOWN_CHARS - 1]}…"
