"""Rows of one batch with the same key become one, as if each had been saved after the one before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from importer.record_types.rows import ValidRow


class Merged(NamedTuple):
    """The rows of a batch, one for each key.

    Attributes:
        rows: by key; the last row of each, and where it has no value, that of a row before it.
        kept: by row number, how many values of rows before it each of them keeps.
    """

    rows: dict[Any, ValidRow]
    kept: dict[int, int]


Key = Callable[[tuple[Any, ...]], Any]
"""Takes the key out of the values of a row."""


def last_rows(rows: Sequence[ValidRow], key_of: Key) -> dict[Any, ValidRow]:
    """The last row of each key."""
    return {key_of(row.values): row for row in rows}


def merged_rows(rows: Sequence[ValidRow], key_of: Key, places: Sequence[int]) -> Merged:
    """The rows of each key in one.

    Args:
        rows: in ascending row number.
        places: of the values that a row without them leaves as they are.
    """
    merged = Merged({}, {})
    for row in rows:
        key = key_of(row.values)
        before = merged.rows.get(key)
        if before is None or None not in row.values:
            merged.rows[key] = row
            continue
        values = _filled(row.values, before.values, places)
        merged.kept[row.row_number] = row.values.count(None) - values.count(None)
        merged.rows[key] = ValidRow(row.row_number, values)
    return merged


def _filled(values: tuple[Any, ...], before: tuple[Any, ...], places: Sequence[int]) -> tuple[Any, ...]:
    """These values, and where one is missing at these places, the one before."""
    filled = list(values)
    for place in places:
        if filled[place] is None:
            filled[place] = before[place]
    return tuple(filled)
