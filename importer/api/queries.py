"""What a request says in its address and body: what is unknown or wrong is refused, never ignored."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from flask import request
from werkzeug.exceptions import BadRequest


class Number(NamedTuple):
    """A parameter that is a whole number."""

    default: int
    least: int
    most: int


def numbers(also: Collection[str] = (), **known: Number) -> dict[str, int]:
    """The values of the parameters of an address that are numbers, by name.

    Args:
        also: other parameters that it may have.

    Raises:
        BadRequest: one is unknown, or its value is no whole number within its bounds.
    """
    for name in request.args:
        if name not in known and name not in also:
            raise BadRequest(f"There is no parameter {name!r} here. There are: {', '.join([*known, *also])}.")
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


def json_object(example: str, *names: str) -> dict[str, Any]:
    """The body of a request, an object in JSON.

    Args:
        example: what it looks like, for whoever sent another one.
        names: that it may have.

    Raises:
        BadRequest: it is none, or has others.
    """
    try:
        body = request.get_json()
    except RecursionError as error:
        raise BadRequest("The JSON is nested too deeply.") from error
    if not isinstance(body, dict) or body.keys() - set(names):
        raise BadRequest(f"Send {example}.")
    return body
