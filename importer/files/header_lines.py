"""Which line of a text names its columns, told before it is known what stands between the names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from importer.files.dialects import DELIMITERS
from importer.files.names import normalised
from importer.files.tables import FEWEST_NAMES, MOST_TITLES

CHARACTERS_TRIED = 64 * 1024


def header_line_at(lines: Sequence[str], known: frozenset[str]) -> int:
    """The index of the line that has the most known names, whatever delimiter stands between them; 0 where none
    has two.

    Args:
        known: names that a header may have, normalised.
    """
    counts = [names_in(line, known) for line in _first(lines)] if known else []
    most = max(counts, default=0)
    return counts.index(most) if most >= FEWEST_NAMES else 0


def _first(lines: Sequence[str]) -> Iterator[str]:
    left = CHARACTERS_TRIED
    for line in lines[:MOST_TITLES]:
        yield line[:left]
        left -= len(line)
        if left <= 0:
            return


def names_in(line: str, known: frozenset[str]) -> int:
    """How many known names stand in a line, with the delimiter between them that makes most of them."""
    divided = (line.split(sign) for sign in DELIMITERS if sign in line)
    return max((len(known & set(map(normalised, cells))) for cells in divided), default=0)
