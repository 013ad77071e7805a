"""How many rows of each import to claim next, so that a batch takes about as long as it should."""

from __future__ import annotations

from types import MappingProxyType

MAX_ROWS = 3000
"""The more rows share a batch's round trips and its COMMIT, the cheaper is each; a claim's scripts bear no more
than 4,000."""

FIRST_ROWS = 50
"""Of an import that nothing is known of yet."""

MAX_REMEMBERED_IMPORTS = 20
"""Imports; where more take turns, each starts anew with every turn."""


class BatchSizes:
    """Adapts to how long the last batches of an import took.

    Args:
        seconds: what a batch aims to take.

    Attributes:
        limits: rows to claim next, by import id, of the imports that were met lately.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._rows: dict[str, int] = {}
        self.limits = MappingProxyType(self._rows)

    def took(self, import_id: str, rows: int, seconds: float) -> None:
        """Learn from a batch; at most twice as many rows follow, so that one quick batch does not mislead."""
        fitting = int(rows * self._seconds / max(seconds, 0.001))
        self._remember(import_id, min(fitting, max(rows, self._of(import_id)) * 2, MAX_ROWS))

    def set_back(self, import_id: str) -> None:
        """Go on with fewer rows: a batch that took too long, or got into another's way, is smaller next time."""
        self._remember(import_id, self._of(import_id) // 4)

    def _of(self, import_id: str) -> int:
        return self._rows.get(import_id, FIRST_ROWS)

    def _remember(self, import_id: str, rows: int) -> None:
        self._rows.pop(import_id, None)
        self._rows[import_id] = max(1, rows)
        if len(self._rows) > MAX_REMEMBERED_IMPORTS:
            del self._rows[next(iter(self._rows))]
