"""Rules that change a cell as a text, whatever its field holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from importer.files.cells.words import folded, squeezed
from importer.files.repairs import parameters
from importer.files.repairs.patterns import replacer
from importer.files.repairs.rule import MOST_CELL_CHARS, Rule

BLANKS = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
"""Blanks of every kind, those without a width among them."""

REPEATED = re.compile(f"[{BLANKS}]+")


@dataclass(frozen=True, kw_only=True)
class SetText(Rule):
    """Every cell gets the same text."""

    kind = "set"
    value: str = field()

    def __post_init__(self) -> None:
        super().__post_init__()
        parameters.text_of("value", self.value)

    def change(self, text: str) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class Replace(Rule):
    """A text, or what a pattern matches, gives way to another text.

    Attributes:
        find: what is looked for, not empty.
        pattern: whether it is a pattern of RE2.
        whole: whether it must be the whole cell.
        case: whether it must have the same case.
    """

    kind = "replace"
    find: str = field()
    by: str = ""
    pattern: bool = False
    whole: bool = False
    case: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        parameters.text_of("find", self.find, may_be_empty=False)
        parameters.text_of("by", self.by)
        for name in ("pattern", "whole", "case"):
            parameters.flag_of(name, getattr(self, name))
        self._replace  # noqa: B018 - a pattern that cannot be read is told at once

    @cached_property
    def _replace(self) -> Callable[[str], str]:
        if self.pattern:
            return replacer(self.find, self.by, whole=self.whole, heeds_case=self.case)
        found = re.compile(re.escape(self.find), re.NOFLAG if self.case else re.IGNORECASE)
        if self.whole:
            return lambda text: self.by if found.fullmatch(text) else text
        return self._in_part(found)

    def _in_part(self, found: re.Pattern[str]) -> Callable[[str], str]:
        def replace(text: str) -> str:
            growth = len(found.findall(text)) * len(self.by)
            return text if growth > MOST_CELL_CHARS else found.sub(lambda _: self.by, text)

        return replace

    def change(self, text: str) -> str:
        return self._replace(text)


@dataclass(frozen=True, kw_only=True)
class Trim(Rule):
    """Blanks and invisible blanks around the text go.

    Attributes:
        inside: whether those between words become one.
    """

    kind = "trim"
    inside: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        parameters.flag_of("inside", self.inside)

    def change(self, text: str) -> str:
        return (REPEATED.sub(" ", text) if self.inside else text).strip(BLANKS)


CASES: dict[str, Callable[[str], str]] = {"upper": str.upper, "lower": str.lower, "title": str.title}


@dataclass(frozen=True, kw_only=True)
class Case(Rule):
    """Letters become capitals, small ones, or capitals at the beginning of each word."""

    kind = "case"
    to: str = field()

    def __post_init__(self) -> None:
        super().__post_init__()
        parameters.choice_of("to", self.to, tuple(CASES))

    def change(self, text: str) -> str:
        return CASES[self.to](text)


@dataclass(frozen=True, kw_only=True)
class Words(Rule):
    """Words give way to what they stand for; they are compared without case, accents and repeated blanks."""

    kind = "words"
    words: dict[str, str] = field()

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "words", parameters.words_of("words", self.words))

    @cached_property
    def _meant(self) -> dict[str, str]:
        return {folded(word): said for word, said in self.words.items()}

    def change(self, text: str) -> str:
        return self._meant.get(folded(text), text)


@dataclass(frozen=True, kw_only=True)
class Empty(Rule):
    """Cells are left empty.

    Attributes:
        cells: only those that say so, without regard to case and blanks; none: every cell.
    """

    kind = "empty"
    cells: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "cells", parameters.texts_of("cells", self.cells))

    @cached_property
    def _meant(self) -> frozenset[str]:
        return frozenset(map(squeezed, self.cells))

    def change(self, text: str) -> str:
        return "" if not self.cells or squeezed(text) in self._meant else text
