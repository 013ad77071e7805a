"""Times of day, as they stand behind a date."""

from __future__ import annotations

import re
from typing import NamedTuple

WITH_TIME = re.compile(
    r"(?P<day>.*?[0-9.])(?:T|,?\s+|,)(?P<hour>[0-9]{1,2})[:h](?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,12}))?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?(?:\s*[Uu]hr|\s?h)?\s*(?P<zone>Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)

MOST_CHARS = 100


class TimeOfDay(NamedTuple):
    """A time of day as it is written, in 24 hours.

    Attributes:
        fraction: digits of a part of a second; empty: none.
        zone: `Z` or the distance from UTC, such as `+02:00`; empty: none.
    """

    hour: int
    minute: int
    second: int
    fraction: str
    zone: str

    @property
    def is_midnight(self) -> bool:
        return not (self.hour or self.minute or self.second or self.fraction.strip("0"))

    def __str__(self) -> str:
        fraction = f".{self.fraction}" if self.fraction else ""
        return f"{self.hour:02}:{self.minute:02}:{self.second:02}{fraction}{self.zone}"


def split_time(text: str) -> tuple[str, TimeOfDay | None]:
    """A date, and the time of day behind it; None where there is none that a clock shows."""
    found = WITH_TIME.fullmatch(text) if len(text) <= MOST_CHARS else None
    if found is None:
        return text, None
    hour, minute, second = (int(part or 0) for part in found.group("hour", "minute", "second"))
    if found["half"]:
        if not 1 <= hour <= 12:
            return text, None
        hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return text, None
    return found["day"], TimeOfDay(hour, minute, second, found["fraction"] or "", _zone(found["zone"] or ""))


def _zone(written: str) -> str:
    if written in ("UTC", "GMT"):
        return "Z"
    digits = written[1:].replace(":", "")
    return f"{written[0]}{digits[:2]}:{digits[2:] or '00'}" if digits else written
