"""How many rows to claim next, so that a batch takes about as long as it should."""

from __future__ import annotations

MAX_ROWS = 1000
FIRST_ROWS = 50


class BatchSizes:
    """Adapts to how long the last batches took.

    Args:
        seconds: what a batch aims to take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._rows = FIRST_ROWS

    @property
    def rows(self) -> int:
        return self._rows

    def took(self, rows: int, seconds: float) -> None:
        """Learn from a batch; at most twice as many rows follow, so that one quick batch does not mislead."""
        fitting = int(rows * self._seconds / max(seconds, 0.001))
        self._rows = max(1, min(fitting, max(rows, self._rows) * 2, MAX_ROWS))

    def set_back(self) -> None:
        """Go on with fewer rows: a batch that took too long, or got into another's way, is smaller next time."""
        self._rows = max(1, self._rows // 4)
