"""Why a value does not fit its field: pydantic's findings in words for the person who repairs the row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from importer.files.cells.chain import Fault

MAX_SHOWN = 100
"""Characters of a cell that a sentence may repeat."""


class Reason(NamedTuple):
    """Why a field, or the whole row, is at fault.

    Attributes:
        field: None: the row.
        code: of `importer.record_types.codes`, or a record type's own; rows with the same one are repaired alike.
        sentence: what the cell should be, or what is wrong with it; no capital, no full stop.
    """

    field: str | None
    code: str
    sentence: str


Told = Callable[[str, Mapping[str, Any]], str]


def _decimals(cell: str, limits: Mapping[str, Any]) -> str:
    found = len(cell.rpartition(".")[2]) if re.fullmatch(r"[+-]?[0-9]*\.[0-9]+", cell) else None
    kept = f"this field keeps {_count(limits['decimal_places'])}"
    return f"{shown(cell)} has {'more decimals' if found is None else _plural(found, 'decimal')}; {kept}"


def _digits(cell: str, limits: Mapping[str, Any]) -> str:
    if "whole_digits" in limits:
        return f"has too many digits; this field keeps {_count(limits['whole_digits'])} before the point"
    return f"has too many digits; this field keeps {_count(limits['max_digits'])}"


def _too_long(cell: str, limits: Mapping[str, Any]) -> str:
    return f"has {_plural(len(cell), 'character')}; this field keeps {_count(limits['max_length'])}"


def _too_short(cell: str, limits: Mapping[str, Any]) -> str:
    return f"has {_plural(len(cell), 'character')}; this field asks for at least {_count(limits['min_length'])}"


def _count(number: int) -> str:
    return SMALL.get(number, f"{number:,}")


def _plural(number: int, noun: str) -> str:
    return f"{_count(number)} {noun}{'' if number == 1 else 's'}"


SMALL = {0: "none", 1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight"}

A_NUMBER = ("invalid_number", "should be a number such as 1234.56")
A_WHOLE_NUMBER = ("invalid_number", "should be a whole number such as 12")
A_DATE = ("invalid_date", "should be a date such as 2026-01-31")
A_MOMENT = ("invalid_time", "should be a date and time such as 2026-01-31 14:30")
A_TIME = ("invalid_time", "should be a time such as 14:30")
YES_OR_NO = ("invalid_yes_no", "should be yes or no")
A_CHOICE = ("invalid_choice", "should be {expected}")
A_UUID = ("invalid_id", "should be a UUID such as 7d444840-9dc0-11d1-b245-5ffdce74fad2")
AN_ADDRESS = ("invalid_address", "should be a web address such as https://example.com")
OTHER_CHARACTERS = ("invalid_characters", "has characters that are no text; type the cell anew")

REASONS: dict[str, tuple[str, str | Told]] = {
    "missing": ("missing_value", "a value is required"),
    "string_too_long": ("too_long", _too_long),
    "string_too_short": ("too_short", _too_short),
    "string_pattern_mismatch": ("invalid_value", "does not have the form that this field asks for"),
    "string_unicode": OTHER_CHARACTERS,
    "decimal_parsing": A_NUMBER,
    "decimal_type": A_NUMBER,
    "float_parsing": A_NUMBER,
    "float_type": A_NUMBER,
    "finite_number": A_NUMBER,
    "int_parsing": A_WHOLE_NUMBER,
    "int_type": A_WHOLE_NUMBER,
    "int_from_float": A_WHOLE_NUMBER,
    "int_parsing_size": ("too_many_digits", "has too many digits"),
    "decimal_max_places": ("too_many_decimals", _decimals),
    "decimal_max_digits": ("too_many_digits", _digits),
    "decimal_whole_digits": ("too_many_digits", _digits),
    "greater_than": ("out_of_range", "should be more than {gt}"),
    "greater_than_equal": ("out_of_range", "should be at least {ge}"),
    "less_than": ("out_of_range", "should be less than {lt}"),
    "less_than_equal": ("out_of_range", "should be at most {le}"),
    "multiple_of": ("out_of_range", "should be a multiple of {multiple_of}"),
    "date_parsing": A_DATE,
    "date_type": A_DATE,
    "date_from_datetime_parsing": A_DATE,
    "date_from_datetime_inexact": ("invalid_date", "has a time of day; this field keeps the date only"),
    "date_past": ("out_of_range", "should be a date in the past"),
    "date_future": ("out_of_range", "should be a date in the future"),
    "datetime_parsing": A_MOMENT,
    "datetime_type": A_MOMENT,
    "datetime_from_date_parsing": A_MOMENT,
    "datetime_past": ("out_of_range", "should be in the past"),
    "datetime_future": ("out_of_range", "should be in the future"),
    "timezone_naive": ("invalid_time", "should not name a time zone"),
    "timezone_aware": ("invalid_time", "should name its time zone, such as 2026-01-31 14:30+01:00"),
    "time_parsing": A_TIME,
    "time_type": A_TIME,
    "bool_parsing": YES_OR_NO,
    "bool_type": YES_OR_NO,
    "enum": A_CHOICE,
    "literal_error": A_CHOICE,
    "uuid_parsing": A_UUID,
    "uuid_type": A_UUID,
    "url_parsing": AN_ADDRESS,
    "url_scheme": AN_ADDRESS,
    "url_syntax_violation": AN_ADDRESS,
    "url_type": AN_ADDRESS,
    "url_too_long": ("too_long", "has more characters than a web address may have"),
    "ip_any_address": ("invalid_address", "should be a network address such as 192.0.2.1"),
    "ip_v4_address": ("invalid_address", "should be a network address such as 192.0.2.1"),
    "ip_v6_address": ("invalid_address", "should be a network address such as 2001:db8::1"),
    "value_error": ("invalid_value", "{message}"),
    "assertion_error": ("invalid_value", "{message}"),
}
"""By pydantic's name of what it found: the code, and the sentence with the limits that it broke."""


def reason_of(found: Any) -> Reason:
    """The reason for one of the findings of `pydantic.ValidationError.errors()`.

    What is not in the table was found by a record type's own check: its code and message are told as they are.
    """
    name, limits = str(found["type"]), found.get("ctx", {})
    field = str(found["loc"][0]) if found["loc"] else None
    message = re.sub("^(Value error|Assertion failed), ", "", str(found["msg"])).removesuffix(".")
    message = f"{message[:1].lower()}{message[1:]}"
    code, told = REASONS.get(name, (name, "{message}"))
    if callable(told):
        return Reason(field, code, told(str(found["input"]), limits))
    return Reason(field, code, message if told == "{message}" else told.format(**limits))


def reasons_of(faults: Sequence[tuple[str, Fault]], error: ValidationError | None = None) -> list[Reason]:
    """Everything that is at fault in a row, the cells that cannot be read first.

    Args:
        faults: of cells, with their fields; such a field was checked without a value, which says nothing.
        error: what the checks found.
    """
    reasons = [Reason(field, fault.code, fault.message) for field, fault in faults]
    if error is not None:
        unreadable = {field for field, _ in faults}
        found = map(reason_of, error.errors(include_url=False))
        reasons += [reason for reason in found if reason.field not in unreadable and (reason.field or not faults)]
    return reasons


def shown(cell: str) -> str:
    """A cell within a sentence."""
    return cell if len(cell) <= MAX_SHOWN else f"{cell[: MAX_SHOWN - 1]}…"
