"""Connections that need no thread for now."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from selectors import BaseSelector
from typing import Any

from gunicorn.workers.gthread import TConn

from importer.front.arrival import Arrival
from importer.front.client import Client


class Connection(TConn):  # type: ignore[misc]
    """A connection of the worker, and how far it is.

    Attributes:
        has_place: whether its upload holds one of the places.
        on_late: what to do with it where it is parked and its client is late.
    """

    def __init__(self, cfg: Any, client: Client, address: Any, server: Any) -> None:
        super().__init__(cfg, client, address, server)
        self.arrival = Arrival()
        self.has_place = False
        self.on_late: Step


Step = Callable[[Connection], None]


class Parking:
    """Keeps connections until something happens to them, or until they are late; the longest parked is first.

    Args:
        poller: of the worker's loop, which waits for what happens.
    """

    def __init__(self, poller: BaseSelector) -> None:
        self._poller = poller
        self._parked: dict[Connection, None] = {}

    def park(self, conn: Connection, on_late: Step, event: int = 0, on_event: Step | None = None) -> None:
        """Keep a connection; one that is parked stays as it is."""
        if conn in self._parked:
            return
        self._parked[conn] = None
        conn.on_late = on_late
        if on_event is not None:
            self._poller.register(conn.sock, event, partial(self._on_event, conn, on_event))

    def leave(self, conn: Connection) -> None:
        if conn in self._parked:
            del self._parked[conn]
            with contextlib.suppress(KeyError):  # nothing was to happen to it
                self._poller.unregister(conn.sock)

    def _on_event(self, conn: Connection, on_event: Step, _: Client) -> None:
        if conn in self._parked:  # what happened to another one at the same moment may have ended it
            on_event(conn)

    def __iter__(self) -> Iterator[Connection]:
        """Those of this moment."""
        return iter(list(self._parked))

    def first(self) -> Connection | None:
        return next(iter(self._parked), None)

    def end_late(self) -> None:
        for conn in self:
            if conn in self._parked and not conn.sock.pace.left():
                conn.on_late(conn)
