"""The real servers, once per session, and a database of its own for each test that asks for one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.servers import EmbeddedServers

pytest_plugins = ["stage"]
pytest.register_assert_rewrite("accounting")


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that every account may enter: as root, Postgres runs as another, and pytest's own are closed."""
    folder = Path(tempfile.mkdtemp(prefix="bulk-importer-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--system-servers", action="store_true", help="run on the Postgres and Redis of this system")


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
