"""Values as the text that Postgres reads: array literals, and the columns of a COPY.

Both are read by the type's own input function. Where no value is missing and none needs escaping, values are
joined as they are, which is much faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

PLAIN_TYPES = {str, int, Decimal, date}

COPY_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
"""From Postgres's manual, COPY, "Text Format"."""


def array_literal(values: Iterable[Any]) -> str:
    """Values as one array literal."""
    listed = list(values)
    if listed and PLAIN_TYPES.issuperset(map(type, listed)):
        joined = '","'.join(map(str, listed))
        if "\\" not in joined and joined.count('"') == 2 * (len(listed) - 1):
            return '{"' + joined + '"}'
    return "{" + ",".join(map(_element, listed)) + "}"


def may_hold_null(literal: str) -> bool:
    """Whether a value may be missing in an array literal; certain only where the answer is no."""
    return "NULL" in literal


def integer_array_literal(numbers: Iterable[int]) -> str:
    """Integers as one array literal."""
    return "{" + ",".join(map(str, numbers)) + "}"


def copy_column(values: Sequence[Any]) -> Sequence[str]:
    """One column of the rows of a COPY, in its text format."""
    types = set(map(type, values))
    if types <= PLAIN_TYPES:
        texts = values if types == {str} else list(map(str, values))
        joined = "".join(texts)
        if not ("\\" in joined or "\t" in joined or "\n" in joined or "\r" in joined):
            return texts
    return [r"\N" if value is None else _text(value).translate(COPY_ESCAPES) for value in values]


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    text = _text(value)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _text(value: Any) -> str:
    match value:
        case bytes():
            return rf"\x{value.hex()}"
        case list() | tuple():
            return array_literal(value)
    return str(value)
