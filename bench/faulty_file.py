"""A file of contacts of which every row fails, for one reason or another, and the rules that mend them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.contacts_file import COLUMNS, contact

READINGS = {"readings": {"signup_date": {"date_order": "ymd"}, "balance": {"decimal_mark": "."}}}
"""What is to be answered about the file, as the API takes it."""


class Group(NamedTuple):
    """Rows that fail alike.

    Attributes:
        tenths: of the file.
        spoil: makes the wrong cell of the right one.
        rules: what a person may try on them, by name; the first one mends them all.
    """

    field: str
    code: str
    tenths: int
    spoil: Callable[[str], str]
    rules: dict[str, dict[str, Any]]

    @property
    def chosen(self) -> dict[str, str]:
        """As addresses and the API name it."""
        return {"field": self.field, "code": self.code}


def _as_german_date(date: str) -> str:
    year, month, day = date.split("-")
    return f"{day}.{month}.{year}"


GROUPS = (
    Group(
        "email",
        "invalid_email",
        3,
        lambda cell: cell.replace("@", " at ").title(),
        {
            "replace": {"kind": "replace", "find": " at ", "by": "@", "case": False},
            "replace by a pattern": {
                "kind": "replace",
                "find": r"^(\S+) At (\S+)$",
                "by": r"\1@\2",
                "pattern": True,
            },
            "trim": {"kind": "trim", "inside": True},
            "case": {"kind": "case", "to": "lower"},
        },
    ),
    Group("signup_date", "other_date_order", 2, _as_german_date, {"dates": {"kind": "dates", "order": "dmy"}}),
    Group(
        "balance",
        "other_decimal_mark",
        2,
        lambda cell: cell.replace(".", ","),
        {"decimal_mark": {"kind": "decimal_mark", "mark": ","}},
    ),
    Group("name", "missing_value", 1, lambda cell: "", {"set": {"kind": "set", "value": "unknown"}}),
    Group(
        "balance",
        "invalid_amount",
        1,
        lambda cell: f"{cell}99",
        {
            "replace by a pattern": {"kind": "replace", "find": r"(\.\d\d)\d+$", "by": r"\1", "pattern": True},
            "percent": {"kind": "percent", "percent": "points"},
        },
    ),
    Group(
        "company",
        "too_long",
        1,
        lambda cell: f"{cell}, also known as {cell} " * 5,
        {
            "empty": {"kind": "empty"},
            "words": {"kind": "words", "words": {"Company 9, Ltd": "Company 9"}},
            "discard": {"kind": "discard"},
        },
    ),
)

TENTHS = [group for group in GROUPS for _ in range(group.tenths)]


def lines(rows: int) -> Iterator[str]:
    """The file's lines, header first."""
    yield ",".join(COLUMNS) + "\n"
    for number in range(1, rows + 1):
        group, cells = TENTHS[number % len(TENTHS)], list(contact(number))
        place = COLUMNS.index(group.field)
        cells[place] = group.spoil(cells[place])
        yield ",".join(f'"{cell}"' if "," in cell else cell for cell in cells) + "\n"


def write(path: Path, rows: int) -> Path:
    with path.open("w") as file:
        file.writelines(lines(rows))
    return path
