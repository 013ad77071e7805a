"""What one dispatcher or worker process has: its services, and whether it was asked to stop."""

from __future__ import annotations

import os
import threading
from functools import cache

from importer.config import Settings
from importer.services import Services


@cache
def services() -> Services:
    """The services of this process, from its environment; RQ calls job functions with nothing but arguments."""
    return Services.for_jobs(Settings.from_environment(os.environ), name="importer jobs")


stop_requested = threading.Event()
"""Set by SIGTERM: whoever is at work leaves at the next safe point."""
