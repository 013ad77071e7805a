"""Dates, with and without a time of day, read as year, month and day."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from importer.files.cells.calendar_days import Day, days_by_order, likely_days, serial_day
from importer.files.cells.outcomes import Alteration, ReadCell, altered, faulty, unaltered
from importer.files.cells.readings import DATE_ORDERS, EARLY
from importer.files.cells.times import TimeOfDay, split_time

ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
ISO_WITH_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
USUAL = re.compile(r"[0-9]{2}([./-])[0-9]{2}\1[0-9]{4}")

EXAMPLES = {
    None: "2024-01-31",
    "ymd": "2024-01-31",
    "dmy": "31.01.2024",
    "mdy": "01/31/2024",
    "serial": "2024-01-31",
}

MICROSECONDS = 24 * 60 * 60 * 1_000_000
NEAR = 1000
"""Microseconds by which a spreadsheet's part of a day may miss a whole second: it has no more digits."""


def date_reader(order: str | None, century: int | None) -> Callable[[str], ReadCell]:
    """What reads the dates of a column into `2024-01-31`.

    Args:
        order: one of `DATE_ORDERS`; None: not known.
        century: the first year of the hundred that two-digit years lie in; None: not known.
    """

    def read(text: str) -> ReadCell:
        if ISO.fullmatch(text) and _is_day(text):
            return unaltered(text)
        if order in ("dmy", "mdy") and USUAL.fullmatch(text):
            first, second = (text[3:5], text[:2]) if order == "dmy" else (text[:2], text[3:5])
            iso = f"{text[6:]}-{first}-{second}"
            if _is_day(iso):
                return altered("date", text, iso)
        return _read_date(text, order, century)

    return read


def datetime_reader(order: str | None, century: int | None) -> Callable[[str], ReadCell]:
    """What reads dates with a time of day into `2024-01-31T18:30:00`; a date alone stays one."""

    def read(text: str) -> ReadCell:
        found = ISO_WITH_TIME.fullmatch(text)
        if found and _is_day(found[1]):
            return unaltered(text)
        return _read_date_time(text, order, century)

    return read


def noting_early_years(read: Callable[[str], ReadCell]) -> Callable[[str], ReadCell]:
    """Reads as `read` does, and notes dates before the year `EARLY`."""

    def read_and_note(text: str) -> ReadCell:
        found = read(text)
        if found.text is None or found.fault is not None or not is_early(found.text):
            return found
        return found._replace(alterations=(*found.alterations, Alteration("early_year", text, found.text)))

    return read_and_note


def is_early(date_: str) -> bool:
    """Whether a date such as `0024-01-31` is before the year `EARLY`."""
    return date_ < f"{EARLY}-"


def _is_day(iso: str) -> bool:
    try:
        date.fromisoformat(iso)
    except ValueError:
        return False
    return True


def _read_date(text: str, order: str | None, century: int | None) -> ReadCell:
    serial = serial_day(text) if order == "serial" else None
    if serial:
        day, part = serial
        return faulty("time_of_day", text) if part else altered("day_number", text, str(day))
    written, time = split_time(text)
    read = _day_of(written, text, order, century)
    if isinstance(read, ReadCell):
        return read
    if time and not time.is_midnight:
        return faulty("time_of_day", text)
    if text == str(read):
        return unaltered(text)
    return altered("midnight" if written == str(read) else "date", text, str(read))


def _read_date_time(text: str, order: str | None, century: int | None) -> ReadCell:
    serial = serial_day(text) if order == "serial" else None
    if serial:
        return _read_serial_time(text, *serial)
    written, time = split_time(text)
    day = _day_of(written, text, order, century)
    if isinstance(day, ReadCell):
        is_unknown = day.fault is not None and day.fault.code == "not_a_date"
        return faulty("not_a_date_time", text) if is_unknown else day
    if time and len(time.fraction) > 6:
        return faulty("not_a_date_time", text)
    iso = f"{day}T{time}" if time else str(day)
    return unaltered(text) if text == iso else altered("date_time" if time else "date", text, iso)


def _read_serial_time(text: str, day: Day, part: str) -> ReadCell:
    if not part:
        return altered("day_number", text, str(day))
    within = round(Decimal(f"0.{part}") * MICROSECONDS)
    seconds = round(within / 1_000_000)
    if abs(within - seconds * 1_000_000) > NEAR or seconds >= 24 * 60 * 60:
        return faulty("not_a_date_time", text)
    time = TimeOfDay(seconds // 3600, seconds // 60 % 60, seconds % 60, "", "")
    return altered("day_number", text, f"{day}T{time}")


def _day_of(written: str, cell: str, order: str | None, century: int | None) -> Day | ReadCell:
    """The day that a date is, or what is wrong with the cell."""
    known = order if order in ("dmy", "mdy", "ymd") else None
    days = days_by_order(written) if known else likely_days(written)
    if days is None or (days.keys() == {"ymd"} and written.isdigit() and known != "ymd"):
        code = "day_number" if serial_day(cell) else "not_a_date"
        return faulty(code, cell, example=EXAMPLES[order])
    if not days:
        return faulty("impossible_date", cell)
    if known and known not in days:
        return faulty("other_date_order", cell, order=DATE_ORDERS[known])
    meant = [days[known]] if known else list(dict.fromkeys(days.values()))
    return _one_day(meant, cell, century)


def _one_day(meant: list[Day], cell: str, century: int | None) -> Day | ReadCell:
    if century is None and any(day.is_short for day in meant):
        return faulty("two_digit_year", cell)
    days = [day.within(century or 0) for day in meant]
    if len(days) > 1:
        return faulty("ambiguous_date", cell, first=str(days[0]), second=str(days[1]))
    return days[0] if days[0].is_possible else faulty("impossible_date", cell)
