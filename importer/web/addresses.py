"""Addresses that hold what somebody has typed or a record says, as long as a server takes them."""

from __future__ import annotations

from typing import Any

from flask import url_for

LONGEST_ADDRESS = 4_000
"""Characters of an address; gunicorn takes 4,094 of a request's first line, in which the method and HTTP's version
stand too."""

REST_OF_ADDRESS = 400
"""Characters of an address that a search leaves to all else in it."""

WIDEST_CHARACTER = len("%E2%82%AC")
"""Characters that one of a text may take in an address, as browsers count those of an input."""


def short_address(endpoint: str, **values: Any) -> str | None:
    """An address within the application; None where it is longer than a server takes."""
    made = url_for(endpoint, **values)
    return made if len(made) <= LONGEST_ADDRESS else None


def typed_characters(inputs: int) -> int:
    """Characters that each of so many inputs of a form may have, so that its address is not too long."""
    return max((LONGEST_ADDRESS - REST_OF_ADDRESS) // (WIDEST_CHARACTER * inputs), 1)
