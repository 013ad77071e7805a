"""Which cells of a row fill which field of its record, and how each is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

from importer.files.cells.chain import Alteration, Fault, ReadCell, is_plain, reader_of
from importer.files.cells.readings import Reading

AS_TEXT = Reading()

NO_VALUE = ReadCell(None)

FIRST, LAST = "first", "last"
"""Parts of a name: all its words but the last, and the last one."""


@dataclass(frozen=True)
class Fill:
    """What fills one field.

    Attributes:
        columns: of the file, from 0; several are joined with a blank, none where every row has the constant.
        part: of the cell, `FIRST` or `LAST`; None: all of it.
        default: what an empty cell counts as; the constant where there are no columns.
    """

    field: str
    columns: tuple[int, ...] = ()
    reading: Reading = AS_TEXT
    part: str | None = None
    default: str | None = None

    @property
    def takes_one_cell(self) -> bool:
        """Whether the field takes one cell, all of it and nothing else."""
        return len(self.columns) == 1 and self.part is None and self.default is None

    @property
    def is_plain(self) -> bool:
        """Whether the field takes one cell as it stands."""
        return self.takes_one_cell and is_plain(self.reading)

    def as_json(self) -> dict[str, Any]:
        """Only what differs from a field that takes a cell as it stands."""
        told: dict[str, Any] = {"field": self.field, "columns": list(self.columns)}
        optional = {"reading": self.reading.as_json(), "part": self.part, "default": self.default}
        return told | {name: value for name, value in optional.items() if value}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Fill:
        """What `as_json` told."""
        reading = Reading.from_json(told.get("reading", {}))
        return cls(told["field"], tuple(told["columns"]), reading, told.get("part"), told.get("default"))

    def cell_of(self, cells: Sequence[str | None]) -> str:
        """The text that is read for the field; cells that a row lacks are empty."""
        found = [cells[column] or "" for column in self.columns if column < len(cells)]
        text = found[0] if len(found) == 1 else " ".join(cell.strip() for cell in found if cell.strip())
        if self.part is None:
            return text
        *first, last = text.split() or [""]
        return " ".join(first) if self.part == FIRST else last


@dataclass(frozen=True)
class Mapping:
    """What fills the fields of a record.

    Attributes:
        clears: whether an empty cell clears the value of an existing record; else that is left alone.
    """

    fills: tuple[Fill, ...]
    clears: bool = False

    @classmethod
    def of_columns(cls, columns: Sequence[str | None], kinds: dict[str, str]) -> Mapping:
        """Each of these fields takes the cell of its column.

        Args:
            columns: the field that each column of the file fills.
            kinds: of the fields.
        """
        fills = [
            Fill(name, (place,), Reading(kind=kinds[name]))
            for place, name in enumerate(columns)
            if name is not None
        ]
        return cls(tuple(fills))

    def as_json(self) -> dict[str, Any]:
        return {"fills": [fill.as_json() for fill in self.fills], "clears": self.clears}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Mapping:
        """What `as_json` told."""
        return cls(tuple(map(Fill.from_json, told["fills"])), told["clears"])

    @property
    def is_plain(self) -> bool:
        """Whether each field takes the cell of one column as it stands."""
        return all(fill.is_plain for fill in self.fills)

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(fill.field for fill in self.fills)


class ReadRow(NamedTuple):
    """A row as its record type gets it.

    Attributes:
        values: the text of each fill, in their order; None: no value.
        alterations: what was read otherwise than it stands, with the field.
        faults: what cannot be read, with the field; its value is the cell as far as it was read.
    """

    values: list[str | None]
    alterations: list[tuple[str, Alteration]]
    faults: list[tuple[str, Fault]]


class ReadRows(NamedTuple):
    """Many rows as their record type gets them.

    Attributes:
        columns: the texts of each fill, in their order, one for each row; None: no value.
        alterations: by field, then by index of the row, what was read otherwise than it stands.
        faults: by index of the row, what cannot be read, with the field.
    """

    columns: list[Sequence[str | None]]
    alterations: dict[str, dict[int, tuple[Alteration, ...]]]
    faults: dict[int, list[tuple[str, Fault]]]


class RowReader:
    """Reads rows by a mapping."""

    def __init__(self, mapping: Mapping) -> None:
        self._fills = [(fill, reader_of(fill.reading)) for fill in mapping.fills]

    def read(self, cells: Sequence[str | None]) -> ReadRow:
        """The row with these cells, of which some at the end may be missing."""
        rows = self.read_all([cells])
        alterations = [(field, each) for field, by_row in rows.alterations.items() for each in by_row[0]]
        return ReadRow([value for (value,) in rows.columns], alterations, rows.faults.get(0, []))

    def read_all(self, rows: Sequence[Sequence[str | None]], *, are_clean: bool = False) -> ReadRows:
        """Rows with these cells, column by column, which is much faster than row by row.

        Args:
            are_clean: no cell is an empty text or needs cleaning, so those of plain fills are taken as they stand.
        """
        read = ReadRows([], {}, {})
        columns = list(zip_longest(*rows))
        for fill, read_cell in self._fills:
            if are_clean and fill.is_plain:
                read.columns.append(_column(columns, fill.columns[0], len(rows)))
                continue
            found = _read_column(fill, read_cell, columns, rows)
            read.columns.append([text for text, _, _ in found])
            if altered := {index: cell[1] for index, cell in enumerate(found) if cell[1]}:
                read.alterations[fill.field] = altered
            for index, cell in enumerate(found):
                if cell[2] is not None:
                    read.faults.setdefault(index, []).append((fill.field, cell[2]))
        return read


def _column(columns: Sequence[Sequence[str | None]], place: int, rows: int) -> Sequence[str | None]:
    return columns[place] if place < len(columns) else [None] * rows


def _read_column(
    fill: Fill,
    read: Callable[[str], ReadCell],
    columns: Sequence[Sequence[str | None]],
    rows: Sequence[Sequence[str | None]],
) -> list[ReadCell]:
    if fill.takes_one_cell:
        return [read(cell) if cell else NO_VALUE for cell in _column(columns, fill.columns[0], len(rows))]
    return [_read(fill, read, cells) for cells in rows]


def _read(fill: Fill, read: Callable[[str], ReadCell], cells: Sequence[str | None]) -> ReadCell:
    found = read(fill.cell_of(cells))
    if found.text is None and found.fault is None and fill.default is not None:
        return read(fill.default)._replace(alterations=found.alterations)
    return found
