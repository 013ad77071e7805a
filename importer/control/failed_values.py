"""The values of a column among failed rows, the most frequent first."""

from __future__ import annotations

import time
from collections import Counter
from itertools import starmap
from typing import NamedTuple

from sqlalchemy.orm import Session

from importer.files.row_numbers import LARGEST_ROW
from importer.ledger.chosen_rows import ChosenRows
from importer.ledger.repairs import candidates, next_stretch
from importer.models import Import

LOOKED_AT = 20_000
"""Rows: so many tell which values there are."""

SECONDS = 0.5
"""After so long no further row is looked at."""

ROWS_PER_STRETCH = 1_000

MOST = 50
MOST_CHARS = 60
"""A longer value is no word that stands for something."""


class Value(NamedTuple):
    """A value of a column, and how many of the rows that were looked at have it."""

    text: str
    rows: int


def values_of(session: Session, import_: Import, chosen: ChosenRows, place: int) -> list[Value]:
    """The most frequent values of a column in the first chosen rows, empty and long ones left out.

    Args:
        place: of the column, from 0.
    """
    connection, counts, reached, looked_at = session.connection(), Counter[str](), 0, 0
    until = time.monotonic() + SECONDS
    while looked_at < LOOKED_AT and time.monotonic() < until:
        stretch = next_stretch(
            connection, import_.sequence, chosen, after=reached, until=LARGEST_ROW, most=ROWS_PER_STRETCH
        )
        rows = candidates(connection, import_.sequence, chosen, after=reached, last=stretch.last)
        counts.update(row.cells[place] for row in rows if place < len(row.cells))
        reached, looked_at = stretch.last, looked_at + len(rows)
        if stretch.is_end:
            break
    likely = [(text, rows) for text, rows in counts.most_common() if text.strip() and len(text) <= MOST_CHARS]
    return list(starmap(Value, likely[:MOST]))
