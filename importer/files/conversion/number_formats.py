"""Numbers of a workbook as a person sees them: by the format of their cell, and never with 17 digits.

The format codes: ECMA-376 part 1, 18.8.30 and 18.8.31.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import NamedTuple

BUILT_IN: dict[int, str] = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    37: "#,##0",
    38: "#,##0",
    39: "#,##0.00",
    40: "#,##0.00",
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), 36, *range(50, 55), 57, 58), "yyyy-mm-dd"),
    22: "yyyy-mm-dd hh:mm",
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56), "hh:mm:ss"),
    46: "[h]:mm:ss",
}
"""The formats that a workbook need not write out. Which date it is does not depend on how it is written."""

LITERAL = re.compile(r'"[^"]*"|\\.|[_*].')
COLOUR_OR_CURRENCY = re.compile(r"\[(?![hms]+\])[^\]]*\]", re.I)
ELAPSED = re.compile(r"\[[hms]+\]", re.I)
PLACES = re.compile(r"(?:[#0?,]*[0#?])?(?:\.([0?]+))?").fullmatch

MAX_PLAIN = 21
"""A number with more digits before its point is written with an exponent."""

EXACT_DIGITS = 15
"""A spreadsheet keeps and shows so many digits."""

LAST_DAY = 2_958_466
"""The serial number of the day after 9999-12-31."""

MILLISECONDS_A_DAY = 86_400_000


class NumberFormat(NamedTuple):
    """What the format of a cell does to its number.

    Attributes:
        kind: `general`, `places`, `percent`, `zeros`, `date`, `time` or `elapsed`.
        places: digits after the point, or of all with `zeros`.
    """

    kind: str
    places: int = 0


GENERAL = NumberFormat("general")


def number_format(code: str) -> NumberFormat:
    """What a format code does; one that is not simple is as good as none."""
    section = code.partition(";")[0]
    bare = COLOUR_OR_CURRENCY.sub("", LITERAL.sub("", section)).strip()
    if bare.lower() in ("", "general", "@"):
        return GENERAL
    if ELAPSED.search(bare):
        return NumberFormat("elapsed")
    if re.search(r"[ydhs]|m", re.sub(r"AM/PM|A/P|E[+-]", "", bare, flags=re.I), re.I):
        return NumberFormat("date" if _has_date(bare) else "time")
    return _numeric(bare)


def _has_date(bare: str) -> bool:
    letters = re.sub(r"AM/PM|A/P", "", bare, flags=re.I).lower()
    return bool(re.search("[yd]", letters)) or ("h" not in letters and "s" not in letters)


def _numeric(bare: str) -> NumberFormat:
    body = re.sub(r"[^#0?.,%]", "", bare)
    if "E" in bare.upper() or "/" in bare:
        return GENERAL
    found = PLACES(body.rstrip("%"))
    if not found or body.endswith(",") or body.count("%") > 1:
        return GENERAL
    places = len(found[1] or "")
    if body.endswith("%"):
        return NumberFormat("percent", places)
    if re.fullmatch("0{2,}", body):
        return NumberFormat("zeros", len(body))
    return NumberFormat("places", places)


def shown(value: float, wanted: NumberFormat, *, is_1904: bool = False) -> str:
    """The number as text. A format that would lose digits is left aside."""
    if wanted.kind in ("date", "time", "elapsed"):
        return moment(value, wanted.kind, is_1904=is_1904)
    text = plain(value)
    if wanted.kind == "percent":
        return _to_places(plain(value * 100), wanted.places) + "%"
    if wanted.kind == "zeros" and text.isdigit():
        return text.zfill(wanted.places)
    return _to_places(text, wanted.places) if wanted.kind == "places" else text


def _to_places(text: str, places: int) -> str:
    """The number with so many digits after its point, if this only adds zeros."""
    if "E" in text:
        return text
    whole, _, fraction = text.partition(".")
    if len(fraction) > places or not places:
        return text
    return f"{whole}.{fraction.ljust(places, '0')}"


def plain(value: float) -> str:
    """A number with at most 15 significant digits, without exponent unless it is very large or very small."""
    if value == 0:
        return "0"
    text = f"{value:.{EXACT_DIGITS}g}"
    if "e" not in text:
        return text
    digits = f"{value:.{EXACT_DIGITS - 1}e}"
    mantissa, _, exponent = digits.partition("e")
    power = int(exponent) if exponent else 0
    if not exponent or power > MAX_PLAIN - 1 or power < -MAX_PLAIN:
        return f"{value:.{EXACT_DIGITS}g}".upper()
    sign = "-" if mantissa.startswith("-") else ""
    figures = mantissa.lstrip("-").replace(".", "").rstrip("0")
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{figures}"
    whole, fraction = figures[: power + 1].ljust(power + 1, "0"), figures[power + 1 :]
    return f"{sign}{whole}.{fraction}" if fraction else sign + whole


def moment(serial: float, kind: str = "date", *, is_1904: bool = False) -> str:
    """A date `2024-01-31`, a time `10:30:00`, or both with a `T` between them, of a serial number of days.

    With the year 1900, day 60 is the 29th of February that there was not; it is given all the same, as a person
    sees it. What is no day of a spreadsheet stays a number.
    """
    if not 0 <= serial < LAST_DAY:
        return plain(serial)
    days, milliseconds = divmod(round(serial * MILLISECONDS_A_DAY), MILLISECONDS_A_DAY)
    if kind == "elapsed":
        return _clock(milliseconds, days * 24)
    if days == 0 and not is_1904 and (milliseconds or kind == "time"):
        return _clock(milliseconds)
    if kind == "time" and days == 0:
        return _clock(milliseconds)
    day = _day(days, is_1904=is_1904)
    return f"{day}T{_clock(milliseconds)}" if milliseconds else day


def _day(days: int, *, is_1904: bool) -> str:
    if is_1904:
        if days > LAST_DAY - 1463:
            return str(days)
        return (date(1904, 1, 1) + timedelta(days)).isoformat()
    if days in (0, 60):
        return "1900-01-00" if days == 0 else "1900-02-29"
    return (date(1899, 12, 31 if days < 60 else 30) + timedelta(days)).isoformat()


def _clock(milliseconds: int, hours_before: int = 0) -> str:
    at = datetime(2000, 1, 1) + timedelta(milliseconds=milliseconds)
    fraction = f".{at.microsecond // 1000:03d}" if at.microsecond else ""
    return f"{at.hour + hours_before:02d}:{at.minute:02d}:{at.second:02d}{fraction}"
