"""What saving rows did to the records."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What one imported row did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Effects:
    """How many rows had which effect.

    Attributes:
        superseded: a later row of the same key had already been saved.
        empty_cells: of rows that were saved, cells without a value where the existing record had one. It keeps
            that value, or loses it where `Origin.clears`.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    superseded: int = 0
    empty_cells: int = 0

    @classmethod
    def of(cls, effect: Effect) -> Effects:
        """Those of one row."""
        return cls(**{effect.value: 1})

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
        )
