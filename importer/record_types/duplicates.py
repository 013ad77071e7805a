"""Rows of one batch with the same key become one, as if each had been saved after the one before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Any, NamedTuple

from importer.record_types.rows import ValidRow


class Merged(NamedTuple):
    """The rows of a batch, one for each key.

    Attributes:
        rows: by key; the last row of each, and where it has no value, that of a row before it.
        kept: by row number, how many values of rows before it each of them keeps.
        fillers: numbers of the rows whose values these are.
    """

    rows: dict[Any, ValidRow]
    kept: dict[int, int]
    fillers: Set[int] = frozenset()


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
    givers: dict[Any, dict[int, int]] = {}
    for row in rows:
        key = key_of(row.values)
        before, given = merged.rows.get(key), givers.pop(key, {})
        if before is None or None not in row.values:
            merged.rows[key] = row
            continue
        kept = [place for place in places if row.values[place] is None and before.values[place] is not None]
        merged.kept[row.row_number] = len(kept)
        merged.rows[key] = ValidRow(row.row_number, _filled(row.values, before.values, kept))
        givers[key] = {place: given.get(place, before.row_number) for place in kept}
    return merged._replace(fillers={number for given in givers.values() for number in given.values()})


def _filled(values: tuple[Any, ...], before: tuple[Any, ...], places: Sequence[int]) -> tuple[Any, ...]:
    """These values, and at these places those before."""
    filled = list(values)
    for place in places:
        filled[place] = before[place]
    return tuple(filled)
