"""The real servers, once per session, and a database of its own for each test that asks for one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.servers import EmbeddedServers
from jobs import process

pytest_plugins = ["stage"]
pytest.register_assert_rewrite("accounting")

MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory. In a container it may be too small."""

ROOM = 4 * 1024**3
"""Bytes; two processes of tests, with servers of their own, fill about half."""


def has_room(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= ROOM


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that every account may enter: as root, Postgres runs as another, and pytest's own are closed.

    It is in memory where there is room: each test has a database of its own, which is three hundred files. To make
    and delete these on a disk takes ten times the CPU, and all the longer the more were deleted a moment ago.
    """
    folder = Path(tempfile.mkdtemp(prefix="bulk-importer-tests-", dir=MEMORY if has_room(MEMORY) else None))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--system-servers", action="store_true", help="run on the Postgres and Redis of this system")


def pytest_collection_finish() -> None:
    """Thousands of tests and every module are looked at by each full collection of garbage, unless told not to."""
    process.spare_garbage_collection()


@pytest.fixture(scope="session")
def servers(open_folder: Path, request: pytest.FixtureRequest) -> Iterator[EmbeddedServers]:
    """Postgres, Valkey and S3, for the whole session."""
    of_system = request.config.getoption("--system-servers")
    with EmbeddedServers(open_folder / "servers", of_system=of_system) as running:
        yield running
    running.postgres.remove()


@pytest.fixture
def database_url(servers: EmbeddedServers) -> Iterator[str]:
    """The URL of a fresh, empty database."""
    with servers.postgres.passing_database() as url:
        yield url
