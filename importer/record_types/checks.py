"""Checks of cells that say what the cell should be, in words for the person who repairs the row."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from email_validator import SPECIAL_USE_DOMAIN_NAMES
from pydantic import AfterValidator, BeforeValidator, validate_email
from pydantic_core import PydanticKnownError


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


def _is_iso_date(text: str) -> str:
    if not ISO_DATE.match(text.strip()):
        raise ValueError("should be a date such as 2026-01-31")
    return text


ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")

IsoDate = Annotated[date, BeforeValidator(_is_iso_date)]
"""A date as year, month and day. Pydantic alone takes a number for seconds since 1970: 0 would be a date."""


def _is_plain_decimal(text: str) -> str:
    if not PLAIN_DECIMAL.fullmatch(text.strip()):
        raise PydanticKnownError("decimal_parsing")
    return text


PLAIN_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,50}\.?[0-9]{0,50}|\.[0-9]{1,50})(?:[eE][+-]?[0-9]{1,2})?")

IS_PLAIN_DECIMAL = BeforeValidator(_is_plain_decimal)
"""A number as people and spreadsheets write it. Pydantic alone takes 1_000 and the digits of every script, and an
exponent such as 1e-999999, which Postgres then refuses without naming the column.

It stands after the limits, `Annotated[Decimal, Field(max_digits=14, decimal_places=2), IS_PLAIN_DECIMAL]`:
pydantic then checks these itself, in half the time that it takes where they follow a validator."""


def _email_in_lower_case(text: str) -> str:
    address = text.lower()
    plain = len(text) <= PLAIN_EMAIL_CHARS and text.isascii() and PLAIN_EMAIL.fullmatch(address)
    if plain and plain[1] not in SPECIAL_TOP_LEVELS:
        return address
    return validate_email(text)[1].lower()


PLAIN_EMAIL = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+([a-z]{2,})")

PLAIN_EMAIL_CHARS = 64
"""A shorter address has no part that is too long (RFC 5321: 64 before the @, 63 to a label, 254 in all)."""

SPECIAL_TOP_LEVELS = {domain.rpartition(".")[2] for domain in SPECIAL_USE_DOMAIN_NAMES}

Email = Annotated[str, AfterValidator(_email_in_lower_case)]
"""What pydantic's `EmailStr` takes, in lower case. That spends 26 µs on an address, most of a worker's time; one
of nothing but letters, digits and single separators is recognised in 1 µs."""
