"""How many row jobs of one import may wait: a few seconds of work, by the rate at which its rows end.

So a slow record type does not fill `low` in front of a quick one (docs/design.md, how a row gets there, 2).
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from redis import Redis

from importer import queues
from importer.config import Settings
from jobs.pushing import Row

FEWEST = 200
"""Rows that any import may have waiting, so that a small file waits for no measurement."""

GROWTH = 2
"""Times as many may wait after one measurement: batches that end at once look like a high rate."""


class Share:
    """The part of `low` that one import may fill, measured anew by each slice.

    When it is full, nothing is pushed until half of it has ended; how long that took is the rate. The rows are
    counted in Redis, so rows that Redis has lost hold nothing up.

    Attributes:
        rows: how many may wait by the rate, those that workers hold included.
    """

    def __init__(self, redis: Redis, import_id: str, settings: Settings) -> None:
        self._redis = redis
        self._id = import_id
        self._seconds = settings.queued_seconds
        self._most_rows, self._most_bytes = settings.max_queued_rows, settings.max_queued_bytes
        self.rows = min(FEWEST, self._most_rows) if self._seconds else self._most_rows
        self._waiting = math.inf
        self._pushed_rows = self._pushed_bytes = 0
        self._full: tuple[float, int] | None = None

    @property
    def limit(self) -> int:
        """How many may wait now, by their rate and by their size."""
        if not self._pushed_bytes or not self._seconds:
            return self.rows
        return min(self.rows, max(1, self._most_bytes * self._pushed_rows // self._pushed_bytes))

    def pushed(self, rows: Sequence[Row]) -> None:
        """Take note of rows that were pushed."""
        self._waiting += len(rows)
        self._pushed_rows += len(rows)
        self._pushed_bytes += sum(len(row.data) for row in rows)

    def has_room(self) -> bool:
        """Whether more rows may be pushed; an import that may fill the whole queue is not counted."""
        if self.limit == self._most_rows or self._waiting < self.limit:
            return True
        waiting, now = queues.queued_rows(self._redis, self._id), time.monotonic()
        if self._full is None:
            if waiting >= self.limit:
                self._full = now, waiting
        else:
            since, full = self._full
            if waiting > full / 2:
                return False
            rate = (full - waiting) / (now - since)
            self.rows = min(max(FEWEST, min(int(rate * self._seconds), full * GROWTH)), self._most_rows)
            self._full = None
        self._waiting = waiting
        return waiting < self.limit
