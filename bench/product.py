"""This product, from the upload request to an import that is completed."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from redis import Redis

from embedded import leftovers
from embedded.application import Application
from embedded.processes import EmbeddedError
from embedded.servers import EmbeddedServers
from embedded.visitor import Visitor
from importer.statuses import ENDED, Status

EMAIL = "bench@example.com"
CHECKOUT = Path(__file__).parents[1]
LOOK_SECONDS = 0.02
"""Between two looks at the status in the database; asking the API would use the CPUs that are measured."""

WATCH_SECONDS = 0.1


@dataclass
class Run:
    """One import.

    Attributes:
        seconds: from the upload request to `completed`.
        peaks: largest resident memory of any process of a kind, in MB.
        redis: largest memory of Redis above what it used before, in MB.
    """

    rows: int
    failed: int
    seconds: float
    peaks: dict[str, float] = field(default_factory=dict)
    redis: float = 0.0

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


class Product:
    """The application on embedded servers, with a person who is logged in."""

    def __init__(self, servers: EmbeddedServers, database_url: str, application: Application) -> None:
        self.application = application
        self._database_url = database_url
        self._redis = Redis.from_url(servers.valkey.url)
        self._processes = [(_kind(p.cmdline()), p) for p in leftovers.marked(application.mark)]
        self.visitor = Visitor(application.base_url)
        self.visitor.open(application.login_link(EMAIL))

    def run(self, file: Path) -> Run:
        """Import one file of contacts into an empty table.

        Raises:
            EmbeddedError: it did not complete.
        """
        self._empty_the_table()
        idle = self._redis_mb()
        with self.watching() as peaks:
            began = time.perf_counter()
            import_id = self.visitor.upload(file, "contacts")["id"]
            self.wait_for_end(import_id)
            seconds = time.perf_counter() - began
        state = self.visitor.import_state(import_id)
        if state["status"] != Status.COMPLETED:
            raise EmbeddedError(f"the import is {state['status']}: {state['reason']}")
        redis = max(peaks.pop("redis", 0.0) - idle, 0.0)
        return Run(state["total_rows"], state["failed_rows"], seconds, dict(peaks), redis)

    def token(self) -> str:
        """A new token of the API."""
        return self.application.flask("users", "token", EMAIL, "--name", "bench").strip()

    def count_completed(self) -> int:
        """How many imports are completed."""
        return int(self._one_value("SELECT count(*) FROM imports WHERE status = 'completed'"))

    def wait_until_completed(self, count: int) -> None:
        """Until so many imports are."""
        while self.count_completed() < count:
            time.sleep(LOOK_SECONDS)

    def wait_for_end(self, import_id: str) -> None:
        """Until an import has ended, or is paused."""
        with contextlib.closing(psycopg2.connect(self._database_url)) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            while True:
                cursor.execute("SELECT status FROM imports WHERE id = %s", (import_id,))
                (status,) = cursor.fetchone() or (None,)
                if status is None or status in ENDED | {Status.PAUSED}:
                    return
                time.sleep(LOOK_SECONDS)

    def is_retrying(self) -> bool:
        """Whether any failed row waits for its retry, asked for or still to be asked for."""
        asked = "SELECT FROM failed_rows WHERE retry_requested_at IS NOT NULL"
        to_ask = "SELECT FROM imports WHERE retry_after IS NOT NULL"
        return bool(self._one_value(f"SELECT EXISTS ({asked}) OR EXISTS ({to_ask})"))

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Dispatcher and workers stand still while the block runs."""
        processes = [process for kind, process in self._processes if kind in ("dispatcher", "worker")]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()

    @contextlib.contextmanager
    def watching(self) -> Iterator[dict[str, float]]:
        """Peaks of memory in MB, by kind of process and of Redis, while something is done."""
        peaks: dict[str, float] = defaultdict(float)
        over = threading.Event()
        watch = threading.Thread(target=self._watch, args=(peaks, over))
        watch.start()
        try:
            yield peaks
        finally:
            over.set()
            watch.join()

    def memory_of(self, kind: str) -> float:
        """Resident memory of the largest process of a kind, in MB."""
        return float(max(process.memory_info().rss for name, process in self._processes if name == kind)) / 1e6

    def ledger_bytes(self) -> int:
        """Bytes of the ledger's table and index."""
        return int(self._one_value("SELECT pg_total_relation_size('ledger')"))

    def _one_value(self, query: str) -> Any:
        with contextlib.closing(psycopg2.connect(self._database_url)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            (value,) = cursor.fetchone() or (None,)
            return value

    def _redis_mb(self) -> float:
        return float(self._redis.info("memory")["used_memory"]) / 1e6

    def _empty_the_table(self) -> None:
        connection = psycopg2.connect(self._database_url)
        with contextlib.closing(connection), connection, connection.cursor() as cursor:
            cursor.execute("TRUNCATE contacts")

    def _watch(self, peaks: dict[str, float], over: threading.Event) -> None:
        while not over.wait(WATCH_SECONDS):
            peaks["redis"] = max(peaks["redis"], self._redis_mb())
            for kind, process in self._processes:
                peaks[kind] = max(peaks[kind], process.memory_info().rss / 1e6)


def _kind(command: list[str]) -> str:
    words = " ".join(command)
    if words.endswith("-m jobs high"):
        return "dispatcher"
    if words.endswith("-m jobs low"):
        return "worker"
    return "web" if "gunicorn" in words else "other"


@contextlib.contextmanager
def running(
    servers: EmbeddedServers, folder: Path, *, workers: int, dispatchers: int = 1, **settings: str
) -> Iterator[Product]:
    """The product with so many workers, on an empty database and an empty Redis."""
    Redis.from_url(servers.valkey.url).flushall()
    with servers.postgres.passing_database() as url:
        settings = {**servers.environment(), "DATABASE_URL": url, "SECRET_KEY": "of the benchmark", **settings}
        processes = {"web": 1, "dispatcher": dispatchers, "worker": workers}
        application = Application(CHECKOUT, folder / f"product-{workers}.log", settings, processes)
        with leftovers.guard(application.mark), contextlib.ExitStack() as stack:
            stack.callback(application.stop)
            application.migrate()
            application.make_admin(EMAIL)
            application.start()
            yield Product(servers, url, application)
