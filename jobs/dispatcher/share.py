"""How many row jobs of one import may wait, so that neither a slow record type nor large rows fill `low`.

The bounds are `QUEUED_SECONDS` of work, by the rate at which its rows are claimed, and `MAX_QUEUED_BYTES`
(docs/design.md, the way of a row, 2).
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from dataclasses import asdict, dataclass
from typing import cast

from redis import Redis
from redis.exceptions import OutOfMemoryError

from importer.config import Settings
from importer.queue import keys, queues

FIRST_ROWS = 200
"""Rows that may wait before anything is measured; a small file waits for no measurement."""

MAX_GROWTH = 2
"""One measurement raises the limit at most so many times: batches claimed at once look like a high rate."""

MEASUREMENT_SECONDS = 60
"""After so long without a slice the next one begins anew."""


@dataclass
class Measurement:
    """What a slice has measured of its import, and hands on to the next one in Redis.

    Attributes:
        rows: how many may wait, by their rate.
        row_bytes: bytes of a row, on average over the last block.
        full: how many waited when the share was found full, else 0; nothing is pushed until half are claimed.
        since: when it was found full, in seconds since 1970.
    """

    rows: int
    row_bytes: float = 0.0
    full: int = 0
    since: float = 0.0


class Share:
    """The part of `low` that one import may fill.

    The rate is how fast workers claim half of a full share. Rows are counted in Redis, so that rows which Redis
    has lost hold nothing up. They are counted only when as many as may wait were pushed: counting goes through the
    whole queue.
    """

    def __init__(self, redis: Redis, import_id: str, settings: Settings) -> None:
        self._redis = redis
        self._id = import_id
        self._seconds = settings.queued_seconds
        self._most_rows, self._most_bytes = settings.max_queued_rows, settings.max_queued_bytes
        self._measured = self._recall() or Measurement(
            min(FIRST_ROWS, self._most_rows) if self._seconds else self._most_rows
        )
        self._waiting = math.inf

    def _recall(self) -> Measurement | None:
        kept = cast(bytes | None, self._redis.get(keys.share(self._id)))
        return Measurement(**json.loads(kept)) if kept else None

    @property
    def limit(self) -> int:
        """How many rows may wait now, by their rate and by their size; those that workers hold do not count."""
        fitting = int(self._most_bytes / self._measured.row_bytes) if self._measured.row_bytes else self._most_rows
        return max(1, min(self._measured.rows, fitting))

    @property
    def room(self) -> int:
        """How many more rows may be pushed, by what was measured last."""
        if self.limit == self._most_rows:
            return self._most_rows  # nothing to count: the slice keeps the bound of the whole queue
        return int(max(0, self.limit - self._waiting))

    def nothing_waits(self) -> None:
        """Take note that none of its rows has been pushed yet, which spares counting them."""
        self._waiting = 0

    def pushed(self, rows: int, size: int) -> None:
        """Take note of rows that were pushed, and of the bytes of their cells."""
        self._waiting += rows
        if rows:
            self._measured.row_bytes = size / rows

    def measure(self) -> None:
        """Count the rows that wait where no room seems left; learn the rate once half of them are claimed."""
        if self.room:
            return
        waiting, now, measured = self._count(), time.time(), self._measured
        if waiting > measured.full / 2 and measured.full:
            return
        if measured.full:
            self._learn(waiting, now)
        if waiting < self.limit:
            self._waiting = waiting
        else:
            measured.full, measured.since = waiting, now

    def _count(self) -> int:
        """Rows that workers hold do not count as waiting: otherwise a small share would leave workers idle."""
        return queues.queued_rows(self._redis, self._id, with_claimed=False)

    def _learn(self, waiting: int, now: float) -> None:
        measured = self._measured
        rate = (measured.full - waiting) / max(now - measured.since, 0.001)
        fitting = int(rate * self._seconds) if waiting else self._most_rows  # none left: the rate is unknown
        if self._seconds:
            measured.rows = max(1, min(fitting, measured.full * MAX_GROWTH, self._most_rows))
        measured.full = 0

    def hand_on(self) -> None:
        """Keep what was measured for the next slice; at half the queue at most, so that it measures anew."""
        if self._seconds:
            self._measured.rows = min(self._measured.rows, max(1, self._most_rows // 2))
        with contextlib.suppress(OutOfMemoryError):  # on a full Redis the next slice begins anew
            self._redis.set(keys.share(self._id), json.dumps(asdict(self._measured)), ex=MEASUREMENT_SECONDS)
