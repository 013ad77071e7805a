"""How many row jobs of one import may wait: a few seconds of work, by the rate at which its rows end.

So a slow record type does not fill `low` in front of a quick one (docs/design.md, how a row gets there, 2).
"""

from __future__ import annotations

import math
import time

from redis import Redis

from importer import queues
from importer.config import Settings

FEWEST = 200
"""Rows that any import may have waiting, so that a small file waits for no measurement."""

GROWTH = 2
"""Times as many may wait after one measurement: batches that end at once look like a high rate."""


class Share:
    """The part of `low` that one import may fill, measured anew by each slice.

    When it is full, nothing is pushed until half of it has ended; how long that took is the rate. The rows are
    counted in Redis, so rows that Redis has lost hold nothing up.

    Attributes:
        rows: how many may wait, those that workers hold included.
    """

    def __init__(self, redis: Redis, import_id: str, settings: Settings) -> None:
        self._redis = redis
        self._id = import_id
        self._seconds = settings.queued_seconds
        self._most = settings.max_queued_rows
        self.rows = min(FEWEST, self._most) if self._seconds else self._most
        self._waiting = math.inf
        self._full: tuple[float, int] | None = None

    def pushed(self, rows: int) -> None:
        """Take note of rows that were pushed."""
        self._waiting += rows

    def has_room(self) -> bool:
        """Whether more rows may be pushed; an import that is quick enough for the whole queue is not counted."""
        if self.rows == self._most or self._waiting < self.rows:
            return True
        waiting, now = queues.queued_rows(self._redis, self._id), time.monotonic()
        if self._full is None:
            if waiting >= self.rows:
                self._full = now, waiting
        else:
            since, full = self._full
            if waiting > full / 2:
                return False
            rate = (full - waiting) / (now - since)
            self.rows = min(max(FEWEST, min(int(rate * self._seconds), full * GROWTH)), self._most)
            self._full = None
        self._waiting = waiting
        return waiting < self.rows
