"""A product in miniature that faults are done to: one world, a crew of processes, and files being imported."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from accounting import assert_as_undisturbed
from failpoints import arm, is_armed
from proxies import LossyProxy, S3Proxy
from samples import Sample
from supervisor import Crew, Processes
from world import World

from embedded.servers import EmbeddedServers
from importer.queues import queued_rows
from importer.statuses import Status

TINY = {"SLICE_SECONDS": "0.5", "MAX_QUEUED_ROWS": "1000", "BATCH_SECONDS": "0.1"}
"""Settings that put many slices and batches into a small file."""

BAR, AIM = 30.0, 10.0
"""Seconds within which work must go on after a kill, and should."""

recoveries: dict[str, float] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/faults/" in str(item.path):
            item.add_marker(pytest.mark.faults)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if recoveries:
        terminalreporter.section(f"seconds until work went on (at most {BAR:g}, aim {AIM:g})")
        for what, seconds in recoveries.items():
            terminalreporter.line(f"{seconds:6.1f}  {what}")


class Scene:
    """Imports at work, what is done to them, and what must have come of it."""

    def __init__(self, world: World, processes: Processes) -> None:
        self.world = world
        self.processes = processes
        self.imports: dict[str, Sample] = {}
        self.crew = Crew(processes, dispatchers=0, workers=0)

    def begin(self, *samples: Sample, dispatchers: int = 1, workers: int = 2, **settings: str) -> list[str]:
        """Upload files and start a crew; return the imports' ids."""
        ids = [self.upload(sample) for sample in samples]
        self.crew = Crew(self.processes, dispatchers=dispatchers, workers=workers, **{**TINY, **settings})
        return ids

    def upload(self, sample: Sample) -> str:
        import_id = self.world.upload(sample.csv, sample.record_type)
        self.imports[import_id] = sample
        return import_id

    def ended_rows(self) -> int:
        return sum(self.world.find(import_id).ended_rows for import_id in self.imports)

    def dispatched_rows(self) -> int:
        return sum(self.world.dispatched(import_id) for import_id in self.imports)

    def is_over(self) -> bool:
        return all(self.world.status(import_id) == Status.COMPLETED for import_id in self.imports)

    def wait_for_rows(self, rows: int, *, seconds: float = 60) -> None:
        """Until so many more have ended, or all have."""
        wanted = self.ended_rows() + rows
        reached = lambda: self.ended_rows() >= wanted or self.is_over()  # noqa: E731
        self.crew.wait_until(reached, f"{rows} more rows have ended", seconds=seconds)

    def assert_goes_on(self, what: str, progress: Callable[[], int]) -> None:
        """Within the bar; how long it took is printed at the end."""
        before, began = progress(), time.monotonic()
        self.crew.wait_until(lambda: progress() > before, f"work goes on after {what}", seconds=BAR)
        recoveries[what] = time.monotonic() - began

    def arm(self, point: str) -> None:
        arm(self.processes.folder, point)

    def wait_for_death_at(self, point: str) -> None:
        self.crew.wait_until(lambda: not is_armed(self.processes.folder, point), f"a process died {point}")

    def assert_ends_as_undisturbed(self, *, seconds: float = 90) -> None:
        self.crew.wait_until(self.is_over, "every import is completed", seconds=seconds)
        for import_id in self.imports:
            self.crew.wait_until(lambda i=import_id: self._is_clean(i), "it is clean")
        self.crew.stop()
        assert_as_undisturbed(self.world, self.imports)

    def _is_clean(self, import_id: str) -> bool:
        """Nothing of it waits any more, late duplicates neither."""
        world = self.world
        queued = queued_rows(world.redis, import_id) or [i for i in world.high.job_ids if i.startswith(import_id)]
        at_work = [i for i in world.started_slices() if i.startswith(import_id)]
        return bool(world.find(import_id).cleaned_at) and not queued and not at_work


@pytest.fixture
def scene(world: World, processes: Processes) -> Scene:
    return Scene(world, processes)


@pytest.fixture
def redis_proxy(servers: EmbeddedServers, environment: dict[str, str]) -> Iterator[LossyProxy]:
    """Stands between the processes and Redis."""
    with LossyProxy(servers.valkey.port) as proxy:
        environment["REDIS_URL"] = environment["REDIS_URL"].replace(str(servers.valkey.port), str(proxy.port))
        yield proxy


@pytest.fixture
def postgres_proxy(servers: EmbeddedServers, environment: dict[str, str]) -> Iterator[LossyProxy]:
    """Stands between the processes and Postgres."""
    with LossyProxy(servers.postgres.port) as proxy:
        url = environment["DATABASE_URL"]
        environment["DATABASE_URL"] = url.replace(str(servers.postgres.port), str(proxy.port))
        yield proxy


@pytest.fixture
def s3_proxy(servers: EmbeddedServers, environment: dict[str, str]) -> Iterator[S3Proxy]:
    """Stands between the processes and S3."""
    with S3Proxy(servers.s3.port) as proxy:
        environment["AWS_ENDPOINT_URL_S3"] = f"http://127.0.0.1:{proxy.port}"
        yield proxy
