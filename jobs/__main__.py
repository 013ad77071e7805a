"""`python -m jobs high` runs a dispatcher, `default` a converter, `low` a row worker, until asked to stop."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable

from redis.exceptions import RedisError

from importer import logs
from importer.errors import SettingsError
from importer.health.causes import in_words
from importer.queue.queues import DEFAULT, HIGH, LOW
from importer.services import Services
from importer.time_limits import MAX_BACKOFF_SECONDS
from jobs import process
from jobs.dispatcher.worker import DispatcherWorker
from jobs.files.worker import ConverterWorker
from jobs.resilience import ResilientWorker
from jobs.rows.worker import RowWorker

log = logging.getLogger("jobs")

WORKERS: dict[str, Callable[[Services], ResilientWorker]] = {
    HIGH: DispatcherWorker,
    DEFAULT: ConverterWorker,
    LOW: RowWorker,
}


def main() -> int:
    """Run the worker of the queue named on the command line; 0 where it was asked to stop."""
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, _leave)  # until RQ's loop puts its own in place
    logs.configure(logging.INFO)
    if len(sys.argv) != 2 or sys.argv[1] not in WORKERS:
        sys.exit("usage: python -m jobs high|default|low")
    try:
        services = process.services()
    except SettingsError as error:
        sys.exit(error.message)
    process.spare_garbage_collection()
    process.log_what_is_wrong(services)
    run(WORKERS[sys.argv[1]], services)
    return 0


def _leave(signum: int, frame: object) -> None:
    process.stop_requested.set()
    sys.exit(0)


def run(make_worker: Callable[[Services], ResilientWorker], services: Services) -> None:
    """Run RQ's loop; where it ends by an error that it did not expect, begin again, a little later each time."""
    restarts = 0
    while not process.stop_requested.is_set():
        try:
            worker = make_worker(services)
            worker.work(logging_level="WARNING")
        except RedisError as error:
            log.warning(in_words(error))
        restarts += 1
        if not process.stop_requested.is_set():
            wait = min(0.5 * 2**restarts, MAX_BACKOFF_SECONDS)
            log.warning("the worker's loop ended; it begins again in %.1f s", wait)
            process.stop_requested.wait(wait)


if __name__ == "__main__":
    sys.exit(main())
