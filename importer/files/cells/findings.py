"""What was found about one part of a column's reading."""

from __future__ import annotations

from typing import Any, NamedTuple

from importer.files.cells.outcomes import shown

MOST_EXAMPLES = 3


class Cell(NamedTuple):
    """A clean cell of the sample, and the physical line where it was met first."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"{shown(self.text)} in line {self.line:,}"


class Finding(NamedTuple):
    """One part of a reading: decided, or open.

    Attributes:
        part: the attribute of `Reading`.
        decided: its value; of an open part the default.
        evidence: what shows it, or what contradicts what; empty where nothing was to decide.
        is_open: whether only a person can say it.
        examples: cells that leave it open.
        proposed: what is likely; None: nothing is.
    """

    part: str
    decided: Any
    evidence: str = ""
    is_open: bool = False
    examples: tuple[str, ...] = ()
    proposed: Any = None


def open_part(
    part: str, default: Any, evidence: str, cells: list[Cell], proposed: Any = None, most: int = MOST_EXAMPLES
) -> Finding:
    """A part that only a person can say.

    Args:
        cells: those that leave it open.
        most: so many of them are examples.
    """
    examples = tuple(cell.text for cell in cells[:most])
    return Finding(part, default, evidence, True, examples, proposed)
