"""How the cells of a column are read, as it is decided once for the whole file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

KINDS: dict[str, str] = {
    "text": "any text",
    "code": "a short name in capitals, such as DE or EDDF",
    "country": "the code of a country, such as DE (ISO 3166-1 alpha-2)",
    "email": "one e-mail address",
    "phone": "a telephone number",
    "decimal": "a number that may have decimals",
    "integer": "a whole number",
    "date": "a day",
    "datetime": "a day and a time of day",
    "yes_no": "yes or no",
    "choice": "one of a few words",
}
"""Every kind of field, and what a cell of it holds."""

DATE_ORDERS: dict[str, str] = {
    "ymd": "the year first, as in 24-01-31 or 20240131",
    "dmy": "the day first, as in 31.01.2024",
    "mdy": "the month first, as in 01/31/2024",
    "serial": "day numbers of a spreadsheet (days since 30 December 1899), as in 45322",
}
"""Every order of the parts of a date, and what it looks like."""

PERCENTS: dict[str, str] = {"points": "12% is 12", "share": "12% is 0.12"}
"""What a number with a percent sign is."""

DECIMAL_MARKS: dict[str, str] = {".": "a decimal point", ",": "a decimal comma"}

EARLY = 1900
"""Years before it are seldom meant: 0024 has lost its century, and 1024 is 2024 with a wrong digit."""


@dataclass(frozen=True)
class Reading:
    """How the cells of one column are read.

    Attributes:
        kind: of the field, one of `KINDS`.
        decimal_mark: one of `DECIMAL_MARKS`; None: not known, and only numbers with one reading are read.
        date_order: one of `DATE_ORDERS`; None: not known, and only dates with one reading are read.
        century: the first year of the hundred that two-digit years lie in, such as 1930; None: not known.
        no_values: cells that mean "no value", besides empty ones; compared without case and blanks.
        words: what the field takes for a cell; cells are compared without case, accents and repeated blanks.
        percent: one of `PERCENTS`; None: not known, and numbers with a percent sign are not read.
        notes_early_years: whether dates before `EARLY` are noted, as the field says nothing of its years.

    Raises:
        ValueError: the kind, the mark, the order or the percent is none of those known.
    """

    kind: str = "text"
    decimal_mark: str | None = None
    date_order: str | None = None
    century: int | None = None
    no_values: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    percent: str | None = None
    notes_early_years: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind {self.kind!r}")
        if self.decimal_mark not in (None, *DECIMAL_MARKS):
            raise ValueError(f"unknown decimal mark {self.decimal_mark!r}")
        if self.date_order not in (None, *DATE_ORDERS):
            raise ValueError(f"unknown order of dates {self.date_order!r}")
        if self.percent not in (None, *PERCENTS):
            raise ValueError(f"unknown percent {self.percent!r}")

    def as_json(self) -> dict[str, Any]:
        """What differs from the default, as JSON takes it."""
        default = Reading()
        differing = {
            part.name: getattr(self, part.name)
            for part in fields(self)
            if getattr(self, part.name) != getattr(default, part.name)
        }
        if "no_values" in differing:
            differing["no_values"] = list(self.no_values)
        if "words" in differing:
            differing["words"] = dict(self.words)
        return differing

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Reading:
        """The reading that `as_json` gave.

        Raises:
            ValueError, TypeError: it is none.
        """
        parts = dict(stored)
        if "no_values" in parts:
            parts["no_values"] = tuple(parts["no_values"])
        return cls(**parts)
