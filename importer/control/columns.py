"""The columns of an import's file: what they are called, and which fields they fill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from importer.errors import RefusedCellError
from importer.models import Import

TOLD_NAMES = 30


class FileColumns:
    """The columns of one file.

    Attributes:
        names: of the header; an import without one has none.
        fields: the field that each column fills first; None: it is not imported.
    """

    def __init__(self, import_: Import) -> None:
        self.names: list[str] = list(import_.header or [])
        self.fields: list[str | None] = list(import_.columns or [])
        self._places = _places(import_)

    @property
    def width(self) -> int:
        return len(self.fields)

    def places_of(self, field: str | None) -> list[int]:
        """The cells, from 0, that fill a field; a column that fills none is called by its own name."""
        if field is None:
            return []
        found = self._places.get(field)
        return found if found is not None else [place for place, name in enumerate(self.names) if name == field]

    def label(self, place: int) -> str:
        """What a person calls a column: its name in the file, else its number."""
        name = self.names[place] if place < len(self.names) else ""
        return name if name.strip() else f"cell {place + 1}"

    def by_place(self, cells: Mapping[str, str]) -> dict[int, str]:
        """Texts by the place of their cell.

        Args:
            cells: by number of the column, from 1, which counts more, by its name, or by the field that it fills.

        Raises:
            RefusedCellError: a name is of no column, or of several.
        """
        return {self._place(name): text for name, text in cells.items()}

    def _place(self, name: str) -> int:
        if name.isascii() and name.isdigit() and int(name[:9]) > 0:
            return int(name[:9]) - 1
        found = [place for place, other in enumerate(self.names) if other == name] or self._places.get(name, [])
        if len(found) == 1:
            return found[0]
        if found:
            numbers = " and ".join(str(place + 1) for place in found)
            raise RefusedCellError(f"Columns {numbers} are meant by {name!r}. Name the column by its number.")
        known = ", ".join(map(repr, self._known()))
        raise RefusedCellError(f"There is no column {name!r}. There are: {known}.")

    def _known(self) -> Iterable[str]:
        return [*dict.fromkeys([*self.names, *self._places])][:TOLD_NAMES]


def _places(import_: Import) -> dict[str, list[int]]:
    if import_.mapping is not None:
        fills: list[dict[str, Any]] = import_.mapping["fills"]
        return {fill["field"]: list(fill["columns"]) for fill in fills}
    places: dict[str, list[int]] = {}
    for place, field in enumerate(import_.columns or []):
        if field is not None:
            places.setdefault(field, []).append(place)
    return places
