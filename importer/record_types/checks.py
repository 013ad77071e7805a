"""Checks of cells that say what the cell should be, in words for the person who repairs the row."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
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

PlainDecimal = Annotated[Decimal, BeforeValidator(_is_plain_decimal)]
"""A number as people and spreadsheets write it. Pydantic alone takes 1_000 and the digits of every script, and an
exponent such as 1e-999999, which Postgres then refuses without naming the column."""
