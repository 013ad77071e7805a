"""Keeps an eye on the parts that the product needs, for pages that refresh each second."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from sqlalchemy.orm import Session

from importer.control.health import Finding, check_everything
from importer.services import Services

log = logging.getLogger(__name__)

FRESH_SECONDS = 2.0
FIRST_ANSWER_SECONDS = 1.0
"""How long a page waits for the very first findings; later pages show the last ones at once."""


class Watch:
    """The latest findings of this process.

    A thread of its own finds them: S3 may take a minute to fail, and no page waits for that.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._findings: Sequence[Finding] = ()
        self._found_at = float("-inf")
        self._begun_at = 0.0
        self._looking = threading.Lock()
        self._found = threading.Condition()

    def findings(self, *, wait: float | None = None) -> Sequence[Finding]:
        """The findings of the last two seconds or, while looking takes longer, older ones.

        Args:
            wait: seconds to wait for fresh findings; by default only the first ones are waited for.
        """
        if self._age() > FRESH_SECONDS and self._looking.acquire(blocking=False):
            self._begun_at = time.monotonic()
            threading.Thread(target=self._look, name="watch", daemon=True).start()
        patience = wait if wait is not None else (0 if self._findings else FIRST_ANSWER_SECONDS)
        with self._found:
            self._found.wait_for(lambda: self._age() <= FRESH_SECONDS, timeout=patience)
        return self._findings

    def warnings(self) -> list[Finding]:
        """The parts that are not well."""
        return [finding for finding in self.findings() if not finding.ok]

    def stuck_seconds(self) -> float:
        """Seconds since the search that is under way began; 0 if none is."""
        return time.monotonic() - self._begun_at if self._looking.locked() else 0.0

    def _age(self) -> float:
        return time.monotonic() - self._found_at

    def _look(self) -> None:
        try:
            with Session(self._services.engine) as session:
                found = check_everything(session, self._services)
            with self._found:
                self._findings, self._found_at = found, time.monotonic()
                self._found.notify_all()
        except Exception:
            log.exception("could not find out how the parts are")
        finally:
            self._looking.release()
