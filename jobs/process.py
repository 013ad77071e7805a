"""What one dispatcher or worker process has: its services, and whether it was asked to stop."""

from __future__ import annotations

import gc
import os
import threading
from dataclasses import replace
from functools import cache

from importer.config import Settings
from importer.connections import WEB_TRIES, connect_database, connect_redis
from importer.health import checks
from importer.services import Services
from importer.time_limits import REDIS_ANSWER_SECONDS


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


stop_requested = threading.Event()
"""Set by SIGTERM; whatever runs then leaves at its next safe point."""
