"""RQ as its documentation recommends it: one job for each row, `enqueue_many`, two workers."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psycopg2
from redis import Redis
from rq import Queue

from bench.contacts_file import contact
from bench.floor import TABLES
from embedded.processes import Program
from embedded.servers import EmbeddedServers

AT_ONCE = 500
WORKERS = 2


def rate(servers: EmbeddedServers, database_url: str, folder: Path, *, worker_class: str, rows: int) -> float:
    """Rows a second with two workers of this class, from the first row that is saved to the last."""
    redis = Redis.from_url(servers.valkey.url)
    redis.flushall()
    queue = Queue("bench", connection=redis)
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS floor")
        cursor.execute(TABLES)
    for first in range(1, rows + 1, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, rows + 1))
        queue.enqueue_many([Queue.prepare_data("bench.one_row.save", (list(contact(n)),)) for n in numbers])
    workers = [_worker(worker_class, servers.valkey.url, database_url, folder, n) for n in range(WORKERS)]
    try:
        for worker in workers:
            worker.start()
        return _rate(connection, rows, workers)
    finally:
        for worker in workers:
            worker.kill()
        connection.close()


def _worker(worker_class: str, redis_url: str, database_url: str, folder: Path, number: int) -> Program:
    return Program(
        worker_class,
        [sys.executable, "-m", "rq.cli", "worker", "-w", worker_class, "-u", redis_url, "--quiet", "bench"],
        folder / f"{worker_class}-{number}.log",
        environment={**os.environ, "BENCH_DATABASE_URL": database_url},
    )


def _rate(connection: psycopg2.extensions.connection, rows: int, workers: list[Program]) -> float:
    began, first = 0.0, 0
    while True:
        saved = _count(connection)
        if saved and not began:
            began, first = time.perf_counter(), saved
        if saved == rows:
            return (rows - first) / (time.perf_counter() - began)
        for worker in workers:
            worker.wait_until(lambda: True)  # it has not ended
        time.sleep(0.02)


def _count(connection: psycopg2.extensions.connection) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM floor")
        found = cursor.fetchone()
        assert found is not None
        return int(found[0])
