"""The measurements, section by section."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench import contacts_file, fairness, faulty_file, floor, many, peer, product, resuming, slow, uploading
from bench.failed_import import FailedImport
from bench.figures import Answers, Figure, Rate
from bench.product import Run
from embedded.servers import EmbeddedServers

FAIL_EVERY = 100
"""One row in so many is wrong: 1%."""

FAILED_ROWS = 1000
"""How many rows fail in each of the growing files: more in the longer ones would pause their import."""

PEERS = {
    "simple_worker": ("RQ SimpleWorker, two", 5000),
    "forking_worker": ("RQ Worker (forks), two", 1000),
    "celery": ("Celery, two processes", 10_000),
    "dramatiq": ("Dramatiq, two processes of 8 threads", 20_000),
    "huey": ("Huey, two processes", 20_000),
    "batches": ("celery-batches, two processes, up to 1,000 rows at once", 40_000),
}
"""Modules of `bench.peers`: what each is called in the table, and how many rows it is given."""

ONE_BY_ONE = ("celery", "dramatiq", "huey")


class Size(NamedTuple):
    """How much is measured.

    Attributes:
        rows: of the file that the rates come from.
        rounds: how often it is imported; the median counts.
        growing: rows of ever longer files.
        megabytes: of the file that is uploaded and resumed.
        many: files of 10 rows that are imported at once.
        failed: rows of a file that all fail.
        retries: whether these are tried again, too.
    """

    rows: int
    rounds: int
    workers: tuple[int, ...]
    growing: tuple[int, ...]
    megabytes: int
    many: int
    failed: int
    retries: bool


QUICK = Size(300_000, 2, (1, 2, 4), (100_000, 500_000), 100, 1000, 500_000, retries=False)
FULL = Size(1_000_000, 3, (1, 2, 4), (100_000, 1_000_000, 5_000_000), 1000, 1000, 500_000, retries=True)


class Bench:
    """Takes the measurements on given servers, and keeps their results."""

    def __init__(self, servers: EmbeddedServers, folder: Path, size: Size) -> None:
        self._servers = servers
        self._folder = folder
        self._size = size
        self.rates: list[Rate] = []
        self.answers: list[Answers] = []
        self.figures: list[Figure] = []

    def _file(self, rows: int, fail_every: int) -> Path:
        path = self._folder / f"{rows}-{fail_every}.csv"
        return path if path.exists() else contacts_file.write(path, rows, fail_every)

    def _german_file(self, rows: int, fail_every: int) -> Path:
        path = self._folder / f"{rows}-{fail_every}-german.csv"
        return path if path.exists() else contacts_file.write_german(path, rows, fail_every)

    def measure_german(self) -> None:
        """Measure the same rows as a German spreadsheet writes them, in turn with the plain file."""
        rows = self._size.rows
        with product.running(self._servers, self._folder, workers=2) as running:
            runs: dict[bool, list[Run]] = {False: [], True: []}
            for _ in range(self._size.rounds):
                for is_german, find in ((False, self._file), (True, self._german_file)):
                    runs[is_german].append(running.run(find(rows, FAIL_EVERY)))
        plain, german = (statistics.median(run.rate for run in runs[is_german]) for is_german in (False, True))
        what = "rows/s of a German file (commas in numbers, dates, Windows-1252) against the plain one"
        self.figures.append(Figure(what, german / plain, "x", 0.7, 0.8))

    def measure_rates(self) -> None:
        """Measure this product with ever more workers, in turn with the floor; then its peers."""
        rows, floors = self._size.rows, []
        for workers in self._size.workers:
            with product.running(self._servers, self._folder, workers=workers) as running:
                for fail_every in (0, FAIL_EVERY):
                    runs = []
                    for _ in range(self._size.rounds):
                        floors.append(self._floor(rows))
                        runs.append(running.run(self._file(rows, fail_every)))
                    self.rates.append(_rate(workers, fail_every, runs))
        limit = statistics.median(floors)
        self.rates.insert(0, Rate("COPY and upsert: the floor", rows, limit))
        ours = next(rate for rate in self.rates if rate.what == _name(2, FAIL_EVERY)).rows_a_second
        what = "rows/s against COPY-and-upsert, 2 workers, 1% failed"
        self.figures.append(Figure(what, ours / limit, "x", 0.2, 0.3))
        self._measure_peers(ours)

    def _measure_peers(self, ours: float) -> None:
        theirs = {}
        for name, (what, rows) in PEERS.items():
            theirs[name] = peer.rate(self._servers, self._folder, name, rows)
            self.rates.append(Rate(what, rows, theirs[name]))
        fastest = max(theirs[name] for name in ONE_BY_ONE)
        self.figures += [
            Figure("rows/s against two of RQ's SimpleWorker", ours / theirs["simple_worker"], "x", 30, 60),
            Figure("rows/s against the fastest of Celery, Dramatiq and Huey", ours / fastest, "x", 8, 15),
        ]

    def _floor(self, rows: int) -> float:
        with self._servers.postgres.passing_database() as url:
            return rows / floor.seconds(url, self._file(rows, 0))

    def measure_growth(self) -> None:
        """Measure ever longer files, each with the same number of failed rows."""
        runs: list[Run] = []
        for rows in self._size.growing:
            with product.running(self._servers, self._folder, workers=2) as running:
                run = running.run(self._file(rows, rows // FAILED_ROWS))
                runs.append(run)
                ledger = running.ledger_bytes() / rows
            self.rates.append(_rate(2, rows // FAILED_ROWS, [run]))
        first, last = runs[0], runs[-1]
        over = f"at {last.rows:,} rows against {first.rows:,}"
        self.figures.append(Figure(f"rows/s {over}", last.rate / first.rate, "x", 0.9, 1.0))
        for kind in ("dispatcher", "worker"):
            growth = last.peaks[kind] / first.peaks[kind]
            self.figures.append(Figure(f"peak memory of a {kind} {over}", growth, "x", 1.2, 1.05, is_limit=True))
        highest = max(run.redis for run in runs)
        self.figures += [
            Figure("Redis at its peak above idle", highest, "MB", 48, 20, is_limit=True),
            Figure("ledger for each row", ledger, "bytes"),
        ]

    def measure_resuming(self) -> None:
        """Measure the time from the start of a dispatcher to its first row."""
        file = self._large_file()
        start, half, end = resuming.seconds(self._servers, self._folder, file, [0, 0.5, 0.99], rounds=3)
        what = f"start of a dispatcher to its first row, {self._size.megabytes:,} MB"
        self.figures += [
            Figure(f"{what}, at its beginning", start, "s"),
            Figure(f"{what}, at its half", half, "s"),
            Figure(f"{what}, at 99%", end, "s"),
            Figure("resume at 99% against at 0%", end / start, "x", 1.5, 1.1, is_limit=True),
        ]

    def measure_uploading(self) -> None:
        """Measure uploads through the page and straight to S3, in turn."""
        file = self._large_file()
        with product.running(self._servers, self._folder, workers=1) as running:
            running.run(self._file(100, 0))  # loads what the first upload loads
            page, straight, grown = [], [], 0.0
            for _ in range(3):
                rate, growth = uploading.through_the_page(running, file)
                page.append(rate)
                grown = max(grown, growth)
                straight.append(uploading.straight(self._servers, file))
        fast, direct = statistics.median(page), statistics.median(straight)
        self.figures += [
            Figure("upload through the page", fast, "MB/s"),
            Figure("upload with boto3 to the same server", direct, "MB/s"),
            Figure("upload rate against boto3 directly", fast / direct, "x", 0.5, 0.9),
            Figure(
                f"growth of the web process over {self._size.megabytes:,} MB", grown, "MB", 64, 16, is_limit=True
            ),
        ]

    def measure_fairness(self) -> None:
        """Measure a file of 50 rows beside a big one and beside a slow one, and the pages meanwhile."""
        small = self._file(fairness.SMALL_ROWS, 0)
        with product.running(self._servers, self._folder, workers=2, RECORD_TYPES=slow.PATH) as running:
            big = fairness.import_beside(running, self._file(fairness.BIG_ROWS, 0), "contacts", small, ask=True)
            creeping = fairness.import_beside(running, self._file(100_000, 0), "slow_contacts", small, ask=False)
        self.figures += [
            Figure("50 rows beside a big file", big.seconds, "s", 5, 2, is_limit=True),
            Figure("50 rows beside a slow file (10 ms a row)", creeping.seconds, "s", 5, 2, is_limit=True),
            Figure("page and API answer at full speed, p99", big.p99 * 1000, "ms", 500, 100, is_limit=True),
        ]

    def measure_many(self) -> None:
        """Measure many small files, uploaded before and meanwhile; another one in their midst, and the list.

        There are two dispatchers: opening files is most of the work, and one opens a file after the other.
        """
        small, other, files = self._file(many.ROWS, 0), self._file(fairness.SMALL_ROWS, 0), self._size.many
        with product.running(self._servers, self._folder, workers=2, dispatchers=2) as running:
            running.run(other)  # loads what the first import loads
            waiting = many.work_off(running, small, files)
            crowd = many.import_all(running, small, files, other)
        what = f"{files:,} imports of {many.ROWS} rows"
        self.figures += [
            Figure(f"{what} that wait, 2 dispatchers", waiting, "s", 15, 10, is_limit=True),
            Figure(f"{what}, uploaded meanwhile", crowd.seconds, "s", 30, 15, is_limit=True),
            Figure("imports/s with their uploads", files / crowd.seconds, "imports/s"),
            Figure("50 rows in their midst", crowd.beside, "s", 5, 2, is_limit=True),
            Figure("list of imports meanwhile, p99", crowd.p99 * 1000, "ms", 500, 100, is_limit=True),
        ]

    def measure_failed(self) -> None:
        """Measure an import whose rows all fail: how soon they are shown, searched, repaired and fetched."""
        rows = self._size.failed
        file = faulty_file.write(self._folder / "faulty.csv", rows)
        with product.running(self._servers, self._folder, workers=2, MAX_FAILED_ROWS=str(2 * rows)) as running:
            failed = FailedImport(running, file)
            self.figures.append(Figure(f"rows/s where all {rows:,} fail", rows / failed.seconds, "rows/s"))
            answers = [*failed.ask(), *failed.preview()]
            for ending in ("csv", "xlsx"):
                self._measure_download(failed, ending)
            repaired = failed.repair(faulty_file.GROUPS[1])
            answers += [repaired.answers, failed.look("after that")]
            what = "rows/s that a rule mends, until they are imported"
            self.figures.append(Figure(what, repaired.rows / repaired.seconds, "rows/s"))
            if self._size.retries:
                retried = failed.retry()
                answers += [retried.answers, failed.look("after that, too")]
                what = "rows/s tried again that fail again"
                self.figures.append(Figure(what, retried.rows / retried.seconds, "rows/s"))
        self.answers += answers
        slowest = max(answer.slowest for answer in answers)
        self.figures.append(Figure(f"slowest request at {rows:,} failed rows", slowest, "s", 2, 1, is_limit=True))

    def _measure_download(self, failed: FailedImport, ending: str) -> None:
        file, what = failed.download(ending), f"{failed.rows:,} failed rows as {ending.upper()}"
        self.figures += [
            Figure(f"{what}, first byte", file.first, "s", 2, 1, is_limit=True),
            Figure(f"{what}, all {file.size / 1e6:,.0f} MB", file.seconds, "s"),
            Figure(f"{what}, growth of the web process", file.grown, "MB", 64, 16, is_limit=True),
        ]

    def _large_file(self) -> Path:
        path = self._folder / "large.csv"
        return path if path.exists() else contacts_file.write_bytes(path, self._size.megabytes)


def _name(workers: int, fail_every: int) -> str:
    wrong = f", {100 / fail_every:g}% failed" if fail_every else ""
    return f"this product, {workers} worker{'s' if workers > 1 else ''}{wrong}"


def _rate(workers: int, fail_every: int, runs: list[Run]) -> Rate:
    return Rate(
        _name(workers, fail_every),
        runs[0].rows,
        statistics.median(run.rate for run in runs),
        dispatcher_mb=max(run.peaks["dispatcher"] for run in runs),
        worker_mb=max(run.peaks["worker"] for run in runs),
        redis_mb=max(run.redis for run in runs),
    )


SECTIONS: dict[str, Callable[[Bench], None]] = {
    "rates": Bench.measure_rates,
    "german": Bench.measure_german,
    "growth": Bench.measure_growth,
    "resume": Bench.measure_resuming,
    "upload": Bench.measure_uploading,
    "fairness": Bench.measure_fairness,
    "many": Bench.measure_many,
    "failed": Bench.measure_failed,
}
