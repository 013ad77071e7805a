"""Which line of a text names its columns, told before it is known what stands between the names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from importer.files.delimiters import DELIMITERS
from importer.files.names import normalised
from importer.files.tables import FEWEST_NAMES, FIRST_ROWS, MOST_TITLES

CHARACTERS_TRIED = 64 * 1024

LONE_SIGN = re.compile(r"(?<![^\w\s\"'])[^\w\s\"'](?![^\w\s\"'])|(?<=\w)[\x02-\x08\x0e-\x1f](?=\w)")
"""A sign beside which no other stands: of several between two cells none is the delimiter alone."""

IN_NAMES = frozenset("\"'_-.@()")
"""Signs that stand in names and around them."""


def header_line_at(lines: Sequence[str], known: frozenset[str]) -> int:
    """The index of the line that has the most known names, whatever delimiter stands between them; 0 where none
    has two.

    Args:
        known: names that a header may have, normalised.
    """
    for count in (FIRST_ROWS, MOST_TITLES) if known else ():
        found = [names_in(line, known) for line in _first(lines[:count])]
        most = max(found, default=0)
        if most >= FEWEST_NAMES:
            return found.index(most)
    return 0


def _first(lines: Sequence[str]) -> Iterator[str]:
    left = CHARACTERS_TRIED
    for line in lines:
        yield line[:left]
        left -= len(line)
        if left <= 0:
            return


def names_in(line: str, known: frozenset[str]) -> int:
    """How many known names stand in a line, with the delimiter between them that makes most of them."""
    divided = (line.split(sign) for sign in DELIMITERS if sign in line)
    return max((len(known & set(map(normalised, cells))) for cells in divided), default=0)


def sign_between(line: str, known: frozenset[str]) -> str:
    """A sign that divides a line into more known names than any of the usual delimiters does; empty: none does."""
    signs = {found[0] for found in LONE_SIGN.finditer(line)} - IN_NAMES - DELIMITERS.keys()
    counts = {sign: len(known & set(map(normalised, line.split(sign)))) for sign in sorted(signs)}
    best = max(counts, key=counts.__getitem__, default="")
    return best if best and counts[best] >= max(FEWEST_NAMES, 1 + names_in(line, known)) else ""
