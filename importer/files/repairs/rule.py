"""What all kinds of rules have in common."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar

from importer.files.repairs import parameters

MOST_CELL_CHARS = 65_536
"""A rule makes no longer cell: such a one is left as it is."""


class Mark(StrEnum):
    """What becomes of a row whose cells stay as they are."""

    DISCARD = "discard"
    """It is not needed: it stays failed, and nobody is asked about it any more."""

    RESTORE = "restore"
    """It was discarded, and is needed after all."""

    RETRY = "retry"
    """It is tried again as it is."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What all rules have.

    Attributes:
        columns: that it changes, as places from 0.

    Raises:
        RuleError: a parameter is none that the rule takes.
    """

    kind: ClassVar[str]
    columns: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", parameters.columns_of(self.columns))

    def change(self, text: str) -> str:
        """What becomes of a cell; a cell that the row lacks is empty."""
        raise NotImplementedError

    def as_json(self) -> dict[str, Any]:
        """What `rule_from_json` takes back: the kind, the columns, and what differs from the default."""
        told: dict[str, Any] = {"kind": self.kind}
        for one in fields(self):
            value = getattr(self, one.name)
            if value != one.default:
                told[one.name] = list(value) if isinstance(value, tuple) else value
        return told
