"""Requests that are made over and over while something else happens to the product."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

from embedded.processes import EmbeddedError
from embedded.visitor import Visitor

EVERY_SECONDS = 0.1
PATIENCE_SECONDS = 10.0


class Probe:
    """One address, asked again and again over a new connection each time."""

    def __init__(self, visitor: Visitor, address: str) -> None:
        self._visitor = visitor
        self.address = address
        self.seconds: list[float] = []
        self.failures: list[str] = []

    def ask(self) -> None:
        began = time.monotonic()
        try:
            self._visitor.open(self.address, seconds=PATIENCE_SECONDS)
        except EmbeddedError as error:
            self.failures.append(error.message)
        self.seconds.append(time.monotonic() - began)

    def slowest(self) -> float:
        return max(self.seconds, default=PATIENCE_SECONDS)

    def holds(self, bar: float) -> bool:
        """Whether it was answered each time, within so many seconds."""
        return not self.failures and self.slowest() <= bar

    def __str__(self) -> str:
        answered = len(self.seconds) - len(self.failures)
        middle = sorted(self.seconds)[len(self.seconds) // 2] if self.seconds else PATIENCE_SECONDS
        line = f"{self.address}: {answered} of {len(self.seconds)} answered"
        return f"{line}, half within {middle:.3f} s, the slowest in {self.slowest():.3f} s"


class Probes:
    """Probes of several addresses, each in a thread of its own, while the block runs."""

    def __init__(self, visitor: Visitor, *addresses: str) -> None:
        self.probes = [Probe(visitor, address) for address in addresses]
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(probe.ask,)) for probe in self.probes]

    def __enter__(self) -> list[Probe]:
        for thread in self._threads:
            thread.start()
        return self.probes

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, ask: Callable[[], None]) -> None:
        while not self._over.wait(EVERY_SECONDS):
            ask()
