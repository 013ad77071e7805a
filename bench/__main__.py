"""Measures this product, what Postgres itself needs, and RQ's own workers, in one run on the same file."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import contacts_file, floor, product, rq_peer
from embedded.servers import EmbeddedServers

ROWS = 100_000
PEER_ROWS = 2_000
ROUNDS = 3
EACH_FAILS = 100
"""Of so many rows one is wrong: 1%."""


class Bench:
    """The measurements, each a median over rounds that take turns."""

    def __init__(self, servers: EmbeddedServers, folder: Path, *, rows: int, rounds: int) -> None:
        self._servers = servers
        self._folder = folder
        self._rows = rows
        self._rounds = rounds
        self._files = {
            fails: contacts_file.write(folder / f"{fails}.csv", rows, fails) for fails in (0, EACH_FAILS)
        }

    def run(self, workers: list[int]) -> list[dict[str, Any]]:
        """One line for each thing that was measured; rates are rows a second."""
        lines: list[dict[str, Any]] = []
        floors: list[float] = []
        for number in workers:
            with product.running(self._servers, self._folder, workers=number) as running:
                for fails in (0, EACH_FAILS):
                    runs = []
                    for _ in range(self._rounds):
                        floors.append(self._floor())
                        runs.append(running.run(self._files[fails]))
                    lines.append(_line(number, fails, runs))
        limit = statistics.median(floors)
        lines.insert(0, {"what": "COPY and upsert: the floor", "rate": limit})
        for name, worker_class in (("SimpleWorker", "rq.SimpleWorker"), ("Worker (forks)", "rq.Worker")):
            lines.append({"what": f"RQ {name} x 2, a job for each row", "rate": self._rq(worker_class)})
        return [{**line, "of_floor": line["rate"] / limit} for line in lines]

    def _floor(self) -> float:
        with self._servers.postgres.passing_database() as url:
            return self._rows / floor.seconds(url, self._files[0])

    def _rq(self, worker_class: str) -> float:
        with self._servers.postgres.passing_database() as url:
            return rq_peer.rate(
                self._servers, url, self._folder, worker_class=worker_class, rows=min(PEER_ROWS, self._rows)
            )


def _line(workers: int, fails: int, runs: list[product.Run]) -> dict[str, Any]:
    wrong = f", {100 / fails:g}% failed" if fails else ""
    peaks = {f"{kind}_mb": max(run.peaks[kind] for run in runs) for kind in sorted(runs[0].peaks)}
    return {
        "what": f"this product, {workers} worker{'s' if workers > 1 else ''}{wrong}",
        "rate": statistics.median(run.rate for run in runs),
        "redis_mb": max(run.redis for run in runs),
        **peaks,
    }


def table(lines: list[dict[str, Any]]) -> str:
    """The figures as a table in Markdown."""
    columns: list[tuple[str, str, Callable[[Any], str]]] = [
        ("what", "", str),
        ("rows/s", "rate", lambda value: f"{value:,.0f}"),
        ("of the floor", "of_floor", lambda value: f"{value:.3f}"),
        ("dispatcher MB", "dispatcher_mb", lambda value: f"{value:.0f}"),
        ("worker MB", "worker_mb", lambda value: f"{value:.0f}"),
        ("Redis MB", "redis_mb", lambda value: f"{value:.1f}"),
    ]
    rows = [[title for title, _, _ in columns], ["---"] * len(columns)]
    for line in lines:
        rows.append([write(line[key or title]) if (key or title) in line else "" for title, key, write in columns])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"rows of the file ({ROWS:,})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"imports, whose median counts ({ROUNDS})")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4], help="how many (1 2 4)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bulk-importer-bench-"))
    folder.chmod(0o755)
    try:
        with EmbeddedServers(folder / "servers") as servers:
            bench = Bench(servers, folder, rows=arguments.rows, rounds=arguments.rounds)
            lines = bench.run(arguments.workers)
            servers.postgres.remove()
    finally:
        shutil.rmtree(folder)
    if arguments.json:
        print(json.dumps({"rows": arguments.rows, "cpus": os.cpu_count(), "lines": lines}, indent=2))
    else:
        print(f"{arguments.rows:,} rows, {os.cpu_count()} CPUs, Python {platform.python_version()}\n")
        print(table(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
