"""Scenes, and proxies in front of the servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from proxies import LossyProxy, S3Proxy
from scene import AIM, BAR, Scene
from supervisor import Processes
from world import World

from embedded.servers import EmbeddedServers

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


@pytest.fixture
def scene(world: World, processes: Processes) -> Iterator[Scene]:
    scene = Scene(world, processes)
    yield scene
    recoveries.update(scene.recoveries)


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
