"""Checks of cells that say what the cell should be, in words for the person who repairs the row."""

from __future__ import annotations

import re

from pydantic import AfterValidator


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
