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


@dataclass
class Effects:
    """How many rows had which effect; superseded: a later row of the same key had already been saved."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    superseded: int = 0

    def add(self, effect: Effect) -> None:
        setattr(self, effect.value, getattr(self, effect.value) + 1)
