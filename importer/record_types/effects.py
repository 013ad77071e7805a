"""What saving rows did to the records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Effect(StrEnum):
    """What one imported row did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Met:
    """Whom rows met: the writers of records that were there already. One entry a row, in three columns.

    A row that comes after that writer has written over it. One that comes before it was superseded.

    Attributes:
        row_numbers: of the file.
        writers: where the rows that had written these records stand (`importer.files.row_numbers.position_of`).
        changed: whether the row changed a value.
    """

    row_numbers: Sequence[int] = ()
    writers: Sequence[int] = ()
    changed: Sequence[bool] = ()

    def is_of(self, row_numbers: Iterable[int]) -> bool:
        """Whether these are whole entries, and of some of these rows."""
        is_whole = len(self.row_numbers) == len(self.writers) == len(self.changed)
        return is_whole and (not self.row_numbers or set(row_numbers).issuperset(self.row_numbers))

    def __add__(self, more: Met) -> Met:
        if not more.row_numbers:
            return self
        return Met(
            [*self.row_numbers, *more.row_numbers],
            [*self.writers, *more.writers],
            [*self.changed, *more.changed],
        )


@dataclass(frozen=True)
class Effects:
    """How many rows had which effect.

    Attributes:
        superseded: a later row of the same key had already been saved.
        empty_cells: of rows that were saved, cells without a value where the existing record had one. It keeps
            that value, or loses it where `Origin.clears`.
        met: who had written the records before, as far as the record type tells.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    superseded: int = 0
    empty_cells: int = 0
    met: Met = Met()

    @classmethod
    def of(cls, effect: Effect) -> Effects:
        """Those of one row."""
        counts: dict[str, Any] = {effect.value: 1}
        return cls(**counts)

    @property
    def rows(self) -> int:
        return self.created + self.updated + self.unchanged + self.superseded

    def __add__(self, more: Effects) -> Effects:
        return Effects(
            self.created + more.created,
            self.updated + more.updated,
            self.unchanged + more.unchanged,
            self.superseded + more.superseded,
            self.empty_cells + more.empty_cells,
            self.met + more.met,
        )
