"""What the log says of connections that were ended: a line for each reason now and then, however many they are."""

from __future__ import annotations

import logging
import time

TELL_SECONDS = 10.0


class Complaints:
    """Counts ended connections by reason."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._last: dict[str, object] = {}
        self._counts: dict[str, int] = {}
        self._told_at = float("-inf")

    def add(self, reason: str, address: object) -> None:
        self._counts[reason] = self._counts.get(reason, 0) + 1
        self._last[reason] = address

    def tell(self) -> None:
        """Log what was added since the last time, unless that was a moment ago."""
        if not self._counts or time.monotonic() - self._told_at < TELL_SECONDS:
            return
        for reason, count in self._counts.items():
            self._log.warning("connections ended: %s, %s; the last from %s", count, reason, self._last[reason])
        self._counts.clear()
        self._told_at = time.monotonic()
