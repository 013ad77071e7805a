"""What a rule may say: each parameter is checked as the rule is made, and a sentence says what it should be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from importer.errors import RuleError

MOST_COLUMNS = 100
MOST_PLACES = 16_384
MOST_CHARS = 10_000
"""Characters of a text that a rule writes, or looks for."""

MOST_WORDS = 500


def columns_of(value: Any) -> tuple[int, ...]:
    """The places of columns, from 0, each once and in order."""
    given = list(value) if isinstance(value, (list, tuple)) else None
    if given is None or not all(type(place) is int and 0 <= place < MOST_PLACES for place in given):
        raise RuleError('"columns" should be a list of columns by their number from 0, such as [3].')
    if len(given) > MOST_COLUMNS:
        raise RuleError(f"A rule changes at most {MOST_COLUMNS} columns.")
    return tuple(sorted(set(given)))


def text_of(name: str, value: Any, *, may_be_empty: bool = True) -> str:
    """A text that can be stored and is not too long."""
    if not isinstance(value, str) or not (value or may_be_empty):
        raise RuleError(f'"{name}" should be a text{"" if may_be_empty else " that is not empty"}.')
    if len(value) > MOST_CHARS:
        raise RuleError(f'"{name}" should have at most {MOST_CHARS:,} characters.')
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise RuleError(f'"{name}" holds a NUL character, or half of one. Remove it.')
    return value


def flag_of(name: str, value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise RuleError(f'"{name}" should be true or false.')
    return value


def choice_of(name: str, value: Any, choices: Collection[str | None]) -> None:
    """Refuse what is none of a few values."""
    if value not in choices:
        named = ", ".join(f'"{choice}"' for choice in choices if choice is not None)
        raise RuleError(f'"{name}" should be one of {named}.')


def year_of(name: str, value: Any) -> int | None:
    """The first year of a hundred, or none."""
    if value is not None and not (type(value) is int and 1000 <= value <= 2999):
        raise RuleError(f'"{name}" should be the first of a hundred years, such as 1930.')
    return value


def words_of(name: str, value: Any) -> dict[str, str]:
    """What stands for each of a few words."""
    if not isinstance(value, Mapping) or not value:
        raise RuleError(f'"{name}" should say what each word stands for, such as {{"ja": "yes"}}.')
    if len(value) > MOST_WORDS:
        raise RuleError(f'"{name}" should have at most {MOST_WORDS} words.')
    return {text_of(name, word, may_be_empty=False): text_of(name, said) for word, said in value.items()}


def texts_of(name: str, value: Any) -> tuple[str, ...]:
    """Some texts, none of them empty."""
    if not isinstance(value, (list, tuple)) or len(value) > MOST_WORDS:
        raise RuleError(f'"{name}" should be a list of at most {MOST_WORDS} texts.')
    return tuple(text_of(name, text, may_be_empty=False) for text in value)
