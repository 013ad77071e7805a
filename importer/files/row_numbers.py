"""The numbers of a file's rows: the first row below the header is 1."""

from __future__ import annotations

LARGEST_ROW = 2**31 - 1
"""The largest number that a row can have in the database."""

ROW_BITS = 32
"""A row of any import is one number: `import sequence << 32 | row number`. They are in the order of rule 12."""


def position_of(sequence: int, row_number: int) -> int:
    """The number of a row among those of all imports; 0 stands for no import."""
    return sequence << ROW_BITS | row_number


def row_at(position: int) -> tuple[int, int]:
    """Import sequence and row number of a position."""
    return position >> ROW_BITS, position & (1 << ROW_BITS) - 1
