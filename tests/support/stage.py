"""What integration and fault tests share: the product's services on real servers, fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import own_types
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from supervisor import Processes
from world import World

from embedded.servers import EmbeddedServers
from importer.models import Base, Role, User
from importer.record_types.registry import RecordTypes
from importer.services import Services
from importer.storage.s3 import Storage
from jobs import process

FOLDER = Path(__file__).parent
TEMPLATE = "tables"


def make_template(servers: EmbeddedServers) -> str:
    """The name of a database with every table and one person, to be cloned."""
    url = servers.postgres.create_database(TEMPLATE)
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
    RecordTypes()  # loads the modules of their tables
    Base.metadata.create_all(engine)
    own_types.OwnBase.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(User(email="ann@example.com", role=Role.ADMIN))
        session.commit()
    engine.dispose()
    return TEMPLATE


def settings_of(servers: EmbeddedServers, database_url: str) -> dict[str, str]:
    """The environment of a dispatcher or worker."""
    return {
        **servers.environment(),
        "DATABASE_URL": database_url,
        "SECRET_KEY": "of tests and nothing else",
        "QUEUED_SECONDS": "0",  # tests dispatch whole files before any worker runs
        "RECORD_TYPES": own_types.PATHS,
        "PYTHONPATH": str(FOLDER),
    }


@pytest.fixture(scope="session")
def template(servers: EmbeddedServers) -> str:
    return make_template(servers)


@pytest.fixture(scope="session")
def storage(servers: EmbeddedServers) -> Iterator[Storage]:
    """One S3 client for the session: making one takes a fifth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in servers.environment().items():
            patch.setenv(name, value)
        yield Storage(servers.environment()["S3_BUCKET"])


@pytest.fixture
def environment(servers: EmbeddedServers, template: str) -> Iterator[dict[str, str]]:
    """The environment of a dispatcher or worker on a database of this test's own."""
    with servers.postgres.passing_database(template) as url:
        yield settings_of(servers, url)


@pytest.fixture
def services(environment: dict[str, str], storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """The services of a job process, and of every job that runs inside this one."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    process.services.cache_clear()
    services = process.services()
    services.storage = storage
    services.redis.flushall()
    yield services
    process.stop_requested.clear()
    process.services.cache_clear()
    services.redis.close()
    services.engine.dispose()


@pytest.fixture
def world(services: Services) -> Iterator[World]:
    """What a test does with imports and looks at. Recovery runs only where the test says so."""
    world = World(services)
    world.hold_recovery()
    world.empty_bucket()  # tests of the pages leave their files
    yield world
    world.empty_bucket()


@pytest.fixture
def setting(services: Services):
    """Change settings of this process: `setting(slice_seconds=0.01)`."""

    def change(**values: object) -> None:
        services.settings = services.settings.model_copy(update=values)

    return change


@pytest.fixture
def processes(environment: dict[str, str], tmp_path: Path, world: World) -> Iterator[Processes]:
    """Real dispatchers and workers."""
    world.release_recovery()
    with Processes(environment, tmp_path) as running:
        yield running
