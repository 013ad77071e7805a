"""How quick a client must be."""

from __future__ import annotations

import math
import time

from importer.time_limits import BODY_SECONDS, HEADER_SECONDS

LEAST_BYTES = 60_000
"""So many bytes must move within `BODY_SECONDS`. 1 KB a second is less than the slowest line that people use (GPRS
does 2 to 5). At a lower rate a place for an upload would cost its holder next to nothing."""


class Pace:
    """A deadline that moves on with every so many bytes.

    Args:
        seconds: until the deadline.
        least: bytes that put it off by as much again; by default nothing does.
    """

    def __init__(self, seconds: float, least: float = math.inf) -> None:
        self._seconds = seconds
        self._least = least
        self._begin()

    def _begin(self) -> None:
        self._moved = 0
        self._deadline = time.monotonic() + self._seconds

    def moved(self, count: int) -> None:
        self._moved += count
        if self._moved >= self._least:
            self._begin()

    def forgive(self, seconds: float) -> None:
        """Do not count some time, in which nobody waited for the client."""
        self._deadline += seconds

    def left(self) -> float:
        """Seconds until the deadline; 0 after it."""
        return max(self._deadline - time.monotonic(), 0.0)


def of_header() -> Pace:
    """A header is whole in time, however many bytes of it have come: it has few."""
    return Pace(HEADER_SECONDS)


def of_body() -> Pace:
    """A body, or an answer that the client takes: it goes on and on."""
    return Pace(BODY_SECONDS, LEAST_BYTES)
