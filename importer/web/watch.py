"""Keeps an eye on the parts that the product needs, for pages that refresh each second."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from importer.health.checks import SERVERS, Examination, Finding
from importer.services import Services

log = logging.getLogger(__name__)

FRESH_SECONDS = 2.0
FIRST_ANSWER_SECONDS = 1.0
"""How long a page waits for the very first search to end; later pages show at once what is known."""


class Watch:
    """The latest findings of this process.

    A thread of its own finds them: S3 may take a minute to fail, and no page waits for that.
    """

    def __init__(self, services: Services) -> None:
        self._examination = Examination(services)
        self._findings: Sequence[Finding] = ()
        self._found_at = float("-inf")
        self._begun_at = 0.0
        self._looking = threading.Lock()
        self._found = threading.Condition()

    def findings(self, *, wait: float | None = None) -> Sequence[Finding]:
        """What is wrong or could not be looked at, in the last two seconds or, while looking takes longer, before.

        Args:
            wait: seconds to wait for fresh findings; by default only the first ones are waited for.
        """
        if self._age() > FRESH_SECONDS and self._looking.acquire(blocking=False):
            self._begun_at = time.monotonic()
            threading.Thread(target=self._look, name="watch", daemon=True).start()
        with self._found:
            if wait is None:
                self._found.wait_for(lambda: self.has_looked, timeout=FIRST_ANSWER_SECONDS)
            else:
                self._found.wait_for(lambda: self._age() <= FRESH_SECONDS, timeout=wait)
        return self._findings

    @property
    def has_looked(self) -> bool:
        """Whether a search has ever come to its end."""
        return self._found_at > float("-inf")

    def warnings(self) -> list[Finding]:
        """What is wrong."""
        return [finding for finding in self.findings() if not finding.ok]

    def stuck_seconds(self) -> float:
        """Seconds since the search that is under way began; 0 if none is."""
        return time.monotonic() - self._begun_at if self._looking.locked() else 0.0

    def _age(self) -> float:
        return time.monotonic() - self._found_at

    def _look(self) -> None:
        try:
            for found in self._examination.steps():
                self._publish(found)
            with self._found:
                self._found_at = time.monotonic()
                self._found.notify_all()
        except Exception:
            log.exception("could not find out how the parts are")
        finally:
            self._looking.release()

    def _publish(self, found: Sequence[Finding]) -> None:
        """Show it, and write what is newly wrong with a server into the log."""
        for finding in found:
            if not finding.ok and finding.part in SERVERS and finding not in self._findings:
                log.warning("%s: %s", finding.part, finding.message)
        self._findings = found
