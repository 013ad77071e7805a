"""What one dispatcher or worker process has: its services, and whether it was asked to stop."""

from __future__ import annotations

import gc
import os
import threading
import time
from dataclasses import replace
from functools import cache

from importer.config import Settings
from importer.connections import WEB_TRIES, connect_database, connect_redis
from importer.health import checks
from importer.services import Services
from importer.time_limits import REDIS_ANSWER_SECONDS

WAKE_SECONDS = 0.05
"""A sleep goes on after a signal; so late it is noticed at most."""


@cache
def services() -> Services:
    """The services of this process, from its environment; RQ calls job functions with nothing but arguments."""
    return Services.for_jobs(Settings.from_environment(os.environ), name="importer jobs")


def log_what_is_wrong(services: Services) -> None:
    """Say what is wrong with the servers, while work begins: that one is away is found out slowly.

    The connections are its own, and a command is not tried for long.
    """

    def look() -> None:
        settings = services.settings
        redis = connect_redis(settings, tries=WEB_TRIES, socket_timeout=REDIS_ANSWER_SECONDS)
        engine = connect_database(settings, pool_size=1, name="importer health")
        checks.log_what_is_wrong(replace(services, redis=redis, engine=engine))
        redis.close()
        engine.dispose()

    threading.Thread(target=look, name="health", daemon=True).start()


def spare_garbage_collection() -> None:
    """Collect cyclic garbage rarely, and never look again at what is loaded by now.

    Rows are many short-lived containers without cycles. Looking for cycles among them, and among all modules each
    time, takes a worker long. The threshold is far above the number of containers that a batch holds at once.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


class StopRequest:
    """Whether this process was asked to stop, for its main thread alone.

    A handler of signals sets it, in the middle of whatever that thread does. `threading.Event` would wait for ever
    for its own lock where the signal came in the middle of its `wait`.
    """

    def __init__(self) -> None:
        self._is_set = False

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True

    def clear(self) -> None:
        self._is_set = False

    def wait(self, seconds: float) -> bool:
        """Sleep for so long, or until the process is asked to stop; return whether it is."""
        until = time.monotonic() + seconds
        while not self._is_set and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, WAKE_SECONDS))
        return self._is_set


stop_requested = StopRequest()
"""Set by SIGTERM; whatever runs then leaves at its next safe point."""
