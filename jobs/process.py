"""What one dispatcher or worker process has: its services, and whether it was asked to stop."""

from __future__ import annotations

import gc
import os
import threading
from functools import cache

from importer.config import Settings
from importer.services import Services


@cache
def services() -> Services:
    """The services of this process, from its environment; RQ calls job functions with nothing but arguments."""
    return Services.for_jobs(Settings.from_environment(os.environ), name="importer jobs")


def spare_garbage_collection() -> None:
    """Collect cyclic garbage rarely, and never look again at what is loaded by now.

    Rows are many short-lived containers without cycles. Looking for cycles among them, and among all modules each
    time, takes a worker long. The threshold is far above the number of containers that a batch holds at once.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


stop_requested = threading.Event()
"""Set by SIGTERM; whatever runs then leaves at its next safe point."""
