"""How many row jobs of one import may wait, so that neither a slow record type nor large rows fill `low`.

`QUEUED_SECONDS` of work by the rate at which its rows are claimed, and `MAX_QUEUED_BYTES` (docs/design.md, how a
row gets there, 2).
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
"""Of an import that nothing is known of yet, so that a small file waits for no measurement."""

GROWTH = 2
"""Times as many may wait after one measurement: batches that are claimed at once look like a high rate."""

REMEMBERED_SECONDS = 60


@dataclass
class Known:
    """What slices of an import hand on to each other, in Redis.

    Attributes:
        rows: how many may wait, by their rate.
        row_bytes: of each row of the last block.
        full: how many waited when the share was last found full; nothing is pushed until half of them are claimed.
        since: when that was, in seconds of the clock.
    """

    rows: int
    row_bytes: float = 0.0
    full: int = 0
    since: float = 0.0


class Share:
    """The part of `low` that one import may fill.

    How long workers take to claim half of a full share is the rate. Rows are counted in Redis, so those that Redis
    has lost hold nothing up, and only when as many as may wait were pushed: counting goes through the whole queue.
    """

    def __init__(self, redis: Redis, import_id: str, settings: Settings) -> None:
        self._redis = redis
        self._id = import_id
        self._seconds = settings.queued_seconds
        self._most_rows, self._most_bytes = settings.max_queued_rows, settings.max_queued_bytes
        self._known = self._recall() or Known(
            min(FIRST_ROWS, self._most_rows) if self._seconds else self._most_rows
        )
        self._waiting = math.inf

    def _recall(self) -> Known | None:
        kept = cast(bytes | None, self._redis.get(keys.share(self._id)))
        return Known(**json.loads(kept)) if kept else None

    @property
    def limit(self) -> int:
        """How many rows may wait now, by their rate and by their size, besides those that workers hold."""
        fitting = int(self._most_bytes / self._known.row_bytes) if self._known.row_bytes else self._most_rows
        return max(1, min(self._known.rows, fitting))

    @property
    def room(self) -> int:
        """How many more rows may be pushed, as far as was measured."""
        if self.limit == self._most_rows:
            return (
                self._most_rows
            )  # the queue's own bound, which the slice keeps, is the only one: nothing to count
        return int(max(0, self.limit - self._waiting))

    def pushed(self, rows: int, size: int) -> None:
        """Take note of rows that were pushed, and of the bytes of their cells."""
        self._waiting += rows
        if rows:
            self._known.row_bytes = size / rows

    def measure(self) -> None:
        """Where there seems to be no room, count the rows that wait; once half are claimed, learn their rate."""
        if self.room:
            return
        waiting, now, known = self._count(), time.time(), self._known
        if waiting > known.full / 2 and known.full:
            return
        if known.full:
            self._learn(waiting, now)
        if waiting < self.limit:
            self._waiting = waiting
        else:
            known.full, known.since = waiting, now

    def _count(self) -> int:
        """Without those that workers hold: however few may wait, no worker is to be without."""
        return queues.queued_rows(self._redis, self._id, with_claimed=False)

    def _learn(self, waiting: int, now: float) -> None:
        known = self._known
        rate = (known.full - waiting) / max(now - known.since, 0.001)
        fitting = int(rate * self._seconds) if waiting else self._most_rows  # none left: how fast, is not known
        if self._seconds:
            known.rows = max(1, min(fitting, known.full * GROWTH, self._most_rows))
        known.full = 0

    def hand_on(self) -> None:
        """Keep what was learnt for the next slice; where nothing had to be counted any more, it measures anew."""
        if self._seconds:
            self._known.rows = min(self._known.rows, max(1, self._most_rows // 2))
        with contextlib.suppress(OutOfMemoryError):  # on a full Redis it begins anew
            self._redis.set(keys.share(self._id), json.dumps(asdict(self._known)), ex=REMEMBERED_SECONDS)
