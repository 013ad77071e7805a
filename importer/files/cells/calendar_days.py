"""What days a written date may be: by the order of its parts, whatever language its month is in."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from importer.files.cells.month_names import FILLERS, MONTHS, ORDINALS, WEEKDAYS
from importer.files.cells.words import folded

ORDERS = ("dmy", "mdy", "ymd")

NUMERIC = re.compile(r"([0-9]{1,4})(?:([-/.])\s?|(\s))([0-9]{1,2})(?(2)\2\s?|\3)([0-9]{1,4})\.?")
COMPACT = re.compile(r"((?:18|19|20|21)[0-9]{2})([0-9]{2})([0-9]{2})")
SERIAL = re.compile(r"([2-7][0-9]{4})(?:[.,]([0-9]{1,15}))?")
"""A day number from 1954 to 2118, with the part of the day behind it."""

PARTS = re.compile(r"([0-9]+|[^\W\d_]+)|[\s,./'\u2019\u00ba\u00aa\u00b0-]")
MOST_CHARS = 60

SERIAL_BEGIN = date(1899, 12, 30)
"""Day 0 of spreadsheets (for days from March 1900 on, since they take 1900 for a leap year)."""


class Day(NamedTuple):
    """A day as it is written.

    Attributes:
        is_short: whether the year has two digits.
    """

    year: int
    month: int
    day: int
    is_short: bool = False

    def within(self, century: int) -> Day:
        """The day, its year in the hundred years that begin with this one if it has two digits."""
        if not self.is_short:
            return self
        return Day(century + (self.year - century) % 100, self.month, self.day)

    @property
    def is_possible(self) -> bool:
        """Whether the calendar has it, in some century where the year has two digits."""
        try:
            date(self.year + 2000 if self.is_short else self.year, self.month, self.day)
        except ValueError:
            return False
        return True

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}-{self.day:02}"


def days_by_order(text: str) -> dict[str, Day] | None:
    """The day that a written date is in each order in which the calendar has it.

    Returns:
        None where the text has not the form of a date.
    """
    if len(text) > MOST_CHARS:
        return None
    numeric = NUMERIC.fullmatch(text)
    compact = COMPACT.fullmatch(text)
    if numeric:
        days = _of_numbers(numeric[1], numeric[4], numeric[5])
    elif compact:
        days = {"ymd": Day(int(compact[1]), int(compact[2]), int(compact[3]))}
    else:
        days = _of_names(text)
    if days is None:
        return None
    return {order: day for order, day in days.items() if day.is_possible}


def likely_days(text: str) -> dict[str, Day] | None:
    """The days of a written date whose order is not known.

    Two digits come first as a year only with hyphens (24-01-31), or where they can be neither day nor month.
    """
    days = days_by_order(text)
    year_first = days.get("ymd") if days else None
    if days and len(days) > 1 and year_first and year_first.is_short and "-" not in text:
        return {order: day for order, day in days.items() if order != "ymd"}
    return days


def serial_day(text: str) -> tuple[Day, str] | None:
    """The day that a spreadsheet's day number is, and the digits of the part of a day behind its point."""
    found = SERIAL.fullmatch(text)
    if found is None:
        return None
    day = SERIAL_BEGIN + timedelta(days=int(found[1]))
    return Day(day.year, day.month, day.day), (found[2] or "").rstrip("0")


def _of_numbers(first: str, second: str, third: str) -> dict[str, Day] | None:
    one, two, three = int(first), int(second), int(third)
    if len(first) == 4 and len(third) <= 2:
        return dict.fromkeys(ORDERS, Day(one, two, three))
    if len(first) > 2 or len(third) not in (2, 4):
        return None
    is_short = len(third) == 2
    days = {"dmy": Day(three, two, one, is_short), "mdy": Day(three, one, two, is_short)}
    return {**days, "ymd": Day(one, two, three, True)} if is_short and len(first) == 2 else days


def _of_names(text: str) -> dict[str, Day] | None:
    """A date with the name of its month: 31. Januar 2024, Jan 31, 2024, 2024 Jan 31, 1er f\u00e9vrier 2024."""
    parts = _parts(text)
    months = [place for place, part in enumerate(parts) if not part.isdigit()]
    if len(parts) != 3 or len(months) != 1:
        return None
    month = MONTHS.get(parts.pop(months[0]))
    first, second = parts
    if month is None or months[0] == 2:
        return None
    if len(first) == 4 and len(second) <= 2 and months[0] == 1:
        return dict.fromkeys(ORDERS, Day(int(first), month, int(second)))
    if len(first) > 2 or len(second) not in (2, 4):
        return None
    is_short = len(second) == 2
    orders = ("dmy", "mdy") if is_short else ORDERS
    return dict.fromkeys(orders, Day(int(second), month, int(first), is_short))


def _parts(text: str) -> list[str]:
    """Numbers and names of a date, folded, without days of the week, ordinals and words between; empty where
    something else stands in it."""
    plain = folded(text)
    if PARTS.sub("", plain):
        return []
    parts = [part for part in PARTS.findall(plain) if part]
    while len(parts) > 3 and parts[0] in WEEKDAYS:
        parts.pop(0)
    kept = [part for place, part in enumerate(parts) if part not in FILLERS and not _is_ordinal(parts, place)]
    return kept if all((part.isdigit() and part.isascii()) or part in MONTHS for part in kept) else []


def _is_ordinal(parts: list[str], place: int) -> bool:
    return parts[place] in ORDINALS and place > 0 and parts[place - 1].isdigit()
