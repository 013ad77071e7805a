"""JSON of files and about them that Postgres takes, whatever characters the texts in it have."""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy import Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB

UNWRITABLE = re.compile("[\0\ud800-\udfff]")
"""NUL and lone surrogates, which jsonb refuses."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class Cells(TypeDecorator[list[Any]]):
    """Cells as JSON in ASCII: Postgres text and jsonb refuse NUL and lone surrogates, escapes fit."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: list[Any] | None, dialect: Any) -> str | None:
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Any) -> list[Any] | None:
        return None if value is None else json.loads(value)


class Json(TypeDecorator[Any]):
    """JSON about a file; a character that jsonb refuses becomes a replacement character.

    Cells themselves are never kept so, but as `Cells`.
    """

    impl = JSONB
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return writable(value)


def writable(value: Any) -> Any:
    """A value of JSON in whose texts and names no character is left that Postgres refuses."""
    match value:
        case str():
            return UNWRITABLE.sub(REPLACEMENT, value)
        case list() | tuple():
            return [writable(one) for one in value]
        case dict():
            return {writable(name): writable(one) for name, one in value.items()}
    return value
