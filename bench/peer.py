"""Runs a peer: enqueues rows, starts its workers, and measures the rate at which rows come into the table."""

from __future__ import annotations

import importlib
import os
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg2
from redis import Redis

from bench.floor import TABLES
from embedded.processes import EmbeddedError, Program, run
from embedded.servers import EmbeddedServers

CHECKOUT = Path(__file__).parents[1]
PROGRAMS = Path(sys.executable).parent
SEND = "import sys; from importlib import import_module; import_module(sys.argv[1]).send(int(sys.argv[2]))"
MAX_SECONDS = 60
"""A peer that needs longer is measured by what it has done until then."""


def rate(servers: EmbeddedServers, folder: Path, name: str, rows: int) -> float:
    """Rows a second, from the first saved row to the last: starting and enqueuing do not count.

    Args:
        name: a module of `bench.peers`.

    Raises:
        EmbeddedError: nothing was saved, or a worker ended.
    """
    module = f"bench.peers.{name}"
    Redis.from_url(servers.valkey.url).flushall()
    with (
        servers.postgres.passing_database() as url,
        closing(psycopg2.connect(url)) as connection,
        ExitStack() as stack,
    ):
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(TABLES)
        environment = {
            **os.environ,
            "PATH": f"{PROGRAMS}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONPATH": str(CHECKOUT),
            "BENCH_DATABASE_URL": url,
            "RQ_REDIS_URL": servers.valkey.url,
        }
        command = [sys.executable, "-c", SEND, module, str(rows)]
        run(f"the sender of {name}", command, environment=environment, folder=CHECKOUT, seconds=300)
        workers = []
        for number, (program, *arguments) in enumerate(importlib.import_module(module).WORKERS):
            log = folder / f"{name}-{number}.log"
            worker = Program(name, [PROGRAMS / program, *arguments], log, environment=environment, folder=CHECKOUT)
            worker.start()
            stack.callback(worker.kill)
            workers.append(worker)
        return _rate(connection, rows, workers)


def _rate(connection: psycopg2.extensions.connection, rows: int, workers: list[Program]) -> float:
    until = time.perf_counter() + MAX_SECONDS
    began = last = 0.0
    first = saved = 0
    while saved < rows and time.perf_counter() < until:
        time.sleep(0.02)
        before, saved = saved, _count(connection)
        if saved > before:
            last = time.perf_counter()
        if saved and not first:
            began, first = last, saved
        for worker in workers:
            if not worker.running:
                raise EmbeddedError(f"{worker.name} ended with status {worker.status}.{worker.log_tail()}")
    if saved <= first:
        raise EmbeddedError(f"{workers[0].name} saved {saved} rows in {MAX_SECONDS} s.{workers[0].log_tail()}")
    return (saved - first) / (last - began)


def _count(connection: psycopg2.extensions.connection) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM floor")
        found = cursor.fetchone()
        assert found is not None
        return int(found[0])
