"""Checks of cells that say what the cell should be, in words for the person who repairs the row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from email_validator import SPECIAL_USE_DOMAIN_NAMES
from pydantic import AfterValidator, GetCoreSchemaHandler, validate_email
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from importer.files.cells.country_codes import CODES
from importer.record_types.fields import CellKind
from importer.record_types.positional import ByPosition


@dataclass(frozen=True)
class TextPattern:
    """A pattern that the text of a cell, without blanks around it, must match before it is converted.

    Pydantic matches it itself, which is faster than to call a function for each cell.

    Attributes:
        pattern: of the whole text, in the syntax of Rust's regex crate.
        code: the failed row's code.
        message: what the cell should be.
    """

    pattern: str
    code: str
    message: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(pattern=f"^(?:{self.pattern})$", strip_whitespace=True)
        explained = core_schema.custom_error_schema(text, self.code, custom_error_message=self.message)
        return core_schema.chain_schema([explained, handler(source)])


def matches(pattern: str, expected: str) -> AfterValidator:
    """The whole text must match a regular expression.

    Args:
        expected: completes the sentence "should be …".
    """
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(f"should be {expected}")
        return text

    return AfterValidator(check)


IsoDate = Annotated[
    date,
    TextPattern(
        "[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[^0-9](?s:.*))?",
        code="invalid_date",
        message="should be a date such as 2026-01-31",
    ),
]
"""A date as year, month and day; a time of midnight may follow. Pydantic by itself reads a number as seconds
since 1970: 0 would be a date."""

IS_PLAIN_DECIMAL = TextPattern(
    r"[+-]?(?:[0-9]{1,50}\.?[0-9]{0,50}|\.[0-9]{1,50})(?:[eE][+-]?[0-9]{1,2})?",
    code="invalid_number",
    message="should be a number such as 1234.56",
)
"""A number as people and spreadsheets write it. Pydantic by itself takes 1_000, the digits of every script, and an
exponent such as 1e-999999, which Postgres then refuses without naming the column.

It stands after the limits: `Annotated[Decimal, Field(max_digits=14, decimal_places=2), IS_PLAIN_DECIMAL]`."""


IS_AMOUNT = TextPattern(
    r"[+-]?(?:[0-9]{1,50}(?:\.[0-9]{0,2})?|\.[0-9]{1,2}|[0-9]{1,50}\.?[0-9]{0,50}[eE][+-]?[0-9]{1,2})",
    code="invalid_amount",
    message="should be an amount such as 1234.56, with a point, two decimals at most and no other separators",
)
"""An amount of money. Three digits behind a point are no cents: to many people 1.000 is a thousand."""

IS_RECENT_DATE = TextPattern(
    "(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}(?:[^0-9](?s:.*))?",
    code="invalid_date",
    message="should be a date such as 2026-01-31, in the years 1900 to 2199",
)
"""The date of something that somebody did: the year 24 is a year that lost its century."""

IS_TELEPHONE_NUMBER = TextPattern(
    r"(?:[^A-Za-z#]*\d(?:[^A-Za-z#]*[^A-Za-z#.])?(?:\s*(?:[xX]|[eE][xX][tT]\.?)\s*[0-9]{1,8})?)?",
    code="invalid_phone",
    message="should be a telephone number such as +49 30 1234567, without letters",
)
"""What a spreadsheet makes of a number, such as 4.91512E+12 or #REF!, has lost its digits. A number has some: a
hyphen means that there is none."""


NO_EMAIL = "should be one e-mail address such as ann@example.com: {reason}"


def _email_in_lower_case(text: str) -> str:
    plain = len(text) <= PLAIN_EMAIL_CHARS and is_plain_email(text)
    if plain and plain[1].lower() not in SPECIAL_TOP_LEVELS:
        return text.lower()
    try:
        return validate_email(text)[1].lower()
    except PydanticCustomError as error:
        reason = str((error.context or {}).get("reason", "")).removesuffix(".")
        reason = f"{reason[:1].lower()}{reason[1:]}"
        raise PydanticCustomError("invalid_email", NO_EMAIL, {"reason": reason}) from error


is_plain_email = re.compile(
    r"[A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+@(?:[A-Za-z0-9]++(?:-[A-Za-z0-9]++)*+\.)+([A-Za-z]{2,})"
).fullmatch

PLAIN_EMAIL_CHARS = 64
"""A shorter address has no part that is too long (RFC 5321: 64 before the @, 63 to a label, 254 in all)."""

SPECIAL_TOP_LEVELS = {domain.rpartition(".")[2] for domain in SPECIAL_USE_DOMAIN_NAMES}

SOME_EMAILS = core_schema.str_schema(
    pattern=r"^[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+"
    r"(?:[A-Za-z]{2,3}|[A-Za-z]{6}|[A-Za-z]{8}|[A-Za-z]{10,})$",
    max_length=PLAIN_EMAIL_CHARS,
    strip_whitespace=True,
    to_lower=True,
)
"""Takes most plain addresses without calling Python: if their top level has a length that no special one has."""

Email = Annotated[str, AfterValidator(_email_in_lower_case), ByPosition(SOME_EMAILS), CellKind("email")]
"""What pydantic's `EmailStr` takes, of at most 254 characters, in lower case.

Pydantic's check is slow, so an address of nothing but letters, digits and single separators is recognised by a
pattern."""


def _country_code(text: str) -> str:
    if text not in CODES:
        raise ValueError("should be a two-letter country code such as DE or GB")
    return text


Country = Annotated[str, AfterValidator(_country_code), CellKind("country")]
"""The code of a country of ISO 3166-1, in capitals, or XK for Kosovo."""
