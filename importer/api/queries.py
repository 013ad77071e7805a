"""The numbers in a list's address: a parameter that is unknown or wrong is refused, never ignored."""

from __future__ import annotations

from typing import NamedTuple

from flask import request
from werkzeug.exceptions import BadRequest


class Number(NamedTuple):
    """A parameter that is a whole number."""

    default: int
    least: int
    most: int


def numbers(**known: Number) -> dict[str, int]:
    """The values of the parameters that an address may have, by name.

    Raises:
        BadRequest: one is unknown, or its value is no whole number within its bounds.
    """
    for name in request.args:
        if name not in known:
            raise BadRequest(f"There is no parameter {name!r} here. There are: {', '.join(known)}.")
    return {name: _read(name, number) for name, number in known.items()}


def _read(name: str, number: Number) -> int:
    values = request.args.getlist(name)
    if not values:
        return number.default
    given = values[0] if len(values) == 1 else ""
    digits = given if given.isascii() and given.isdigit() and len(given) < 20 else ""
    if not digits or not number.least <= int(digits) <= number.most:
        raise BadRequest(f"{name} must be a whole number from {number.least:,} to {number.most:,}.")
    return int(digits)
