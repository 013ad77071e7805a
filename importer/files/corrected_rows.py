"""The cells of a failed row as a person corrects them: which changes are none that can be kept, and what is still
wrong with the row as a whole."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from importer.files.problems import CUT, Limits, Problem

UNWRITABLE = re.compile("[\0\ud800-\udfff]")
"""What no text holds that Postgres keeps: NUL, and surrogates, which stand for bytes that were no text."""


class Corrected(NamedTuple):
    """A row with its changes.

    Attributes:
        changes: for each cell that differs now its place from 0, the text before and the text after.
        problem: what is wrong with the row as a whole; None: its values may be read.
    """

    cells: list[str]
    changes: list[tuple[int, str, str]]
    problem: Problem | None


class RefusedChange(NamedTuple):
    """Why a cell cannot be changed so.

    Attributes:
        place: of the cell, from 0; None: it is the row as a whole.
        sentence: what is wrong and what to do.
    """

    place: int | None
    sentence: str


def is_cut(problem: Problem | None) -> bool:
    """Whether only the beginning of the row was kept."""
    return problem is not None and problem.message.endswith(CUT)


def refusal_of(cells: Sequence[str], changes: Mapping[int, str], limits: Limits) -> RefusedChange | None:
    """Why these changes cannot be kept; None where they can.

    Args:
        changes: new texts, by the place of their cell, from 0.
        limits: of a row of this import; its width says how many cells the header has.
    """
    width = max(len(cells), limits.width or 0)
    for place, text in sorted(changes.items()):
        if not 0 <= place < width:
            return RefusedChange(None, f"The row has no cell {place + 1:,}: it has {width:,}.")
        if UNWRITABLE.search(text):
            return RefusedChange(place, "The text has a character that cannot be kept. Type the cell anew.")
        if len(text) > limits.max_cell_chars:
            sentence = f"The text has {len(text):,} characters, the limit here is {limits.max_cell_chars:,}."
            return RefusedChange(place, f"{sentence} Shorten it.")
    size = len(",".join(_changed(cells, changes)).encode("utf-8", "surrogateescape"))
    if size > limits.max_record_bytes:
        sentence = f"The row would have {size:,} bytes, the limit here is {limits.max_record_bytes:,}."
        return RefusedChange(None, f"{sentence} Shorten it.")
    return None


def corrected(cells: Sequence[str], changes: Mapping[int, str], limits: Limits) -> Corrected:
    """The row with these changes, none of which `refusal_of` refuses.

    What reading found wrong is looked for anew: of cells too many, and of bytes that are no text, each is still
    there that was not changed. How lines and quotes were written does not matter any more.
    """
    after = _changed(cells, changes)
    differing = [
        (place, _at(cells, place), text) for place, text in sorted(changes.items()) if _at(cells, place) != text
    ]
    return Corrected(after, differing, limits.problem_of_count(after) or limits.problem_in(after))


def _at(cells: Sequence[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def _changed(cells: Sequence[str], changes: Mapping[int, str]) -> list[str]:
    """The cells with their changes; those that a row lacks before a changed one are empty."""
    last = max((place for place, text in changes.items() if text), default=-1)
    return [changes.get(place, _at(cells, place)) for place in range(max(len(cells), last + 1))]
