"""The columns of a file of failed rows: those of the file as it was, and ours behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from importer.errors import RefusedFileError
from importer.files.exports.safe_cells import LINE_END, without_mark, written
from importer.files.names import normalised

OWN = ("row", "line", "field", "code", "reason", "attempt", "import")
MATCHED = ("row", "attempt", "import")
"""Without these a row cannot be told from others."""

NAMED, NAME_CHARS = 10, 60
"""So many columns are named in a sentence, each by so many characters."""

AGAIN = "Download the failed rows again, correct their cells, and upload that file."


class Layout(NamedTuple):
    """Where the columns stand in a file that comes back.

    Attributes:
        cells: for each column of the import's file its place, from 0.
        own: likewise for our own columns, as far as they are there.
        width: columns that have a name; what stands behind them belongs to rows with more cells than their header.
    """

    cells: list[int]
    own: dict[str, int]
    width: int


def own_names(header: Sequence[str]) -> dict[str, str]:
    """What our columns are called behind this header: where it has such a name, another one."""
    taken = set(map(normalised, header))
    names = {}
    for name in OWN:
        called, number = name, 1
        while normalised(called) in taken:
            number += 1
            called = f"{name} ({number})"
        names[name] = called
    return names


def names_of(header: Sequence[str]) -> list[str]:
    """The first line of a file of failed rows, as it is written."""
    return [written(name) for name in (*header, *own_names(header).values())]


def layout_of(names: Sequence[str], header: Sequence[str]) -> Layout:
    """Find the columns in a file that comes back, in whatever order.

    Args:
        names: its first line.
        header: of the import's file.

    Raises:
        RefusedFileError: columns are missing, or there are others.
    """
    own = own_names(header)
    found = _places(_without_blank_end(names))
    places = {name: found.pop((_plain(called), 1), None) for name, called in own.items()}
    wanted = list(_places(map(written, header)))
    missing = [own[name] for name in MATCHED if places[name] is None]
    if missing:
        raise _refusal("lacks the columns by which its rows are found again", missing)
    missing = [name for name, number in wanted if (name, number) not in found]
    if missing:
        raise _refusal("lacks columns that the import's file has", missing)
    cells = [found.pop(column) for column in wanted]
    others = [name for name, _ in found if name]
    if others:
        raise _refusal("has columns that the import's file has not", others)
    known = {name: place for name, place in places.items() if place is not None}
    return Layout(cells, known, len(_without_blank_end(names)))


def _places(names: Iterable[str]) -> dict[tuple[str, int], int]:
    """Where each name stands; a name that comes again is told apart by how often it came."""
    seen: Counter[str] = Counter()
    places = {}
    for place, name in enumerate(map(_plain, names)):
        seen[name] += 1
        places[name, seen[name]] = place
    return places


def _plain(name: str) -> str:
    return without_mark(LINE_END.sub("\n", name)).strip()


def _without_blank_end(names: Sequence[str]) -> list[str]:
    end = len(names)
    while end and not names[end - 1].strip():
        end -= 1
    return list(names[:end])


def _refusal(what: str, names: Sequence[str]) -> RefusedFileError:
    named = ", ".join(f"“{name[:NAME_CHARS]}”" for name in names[:NAMED])
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return RefusedFileError("other_columns", f"The file {what}: {named}{more}. {AGAIN}")
