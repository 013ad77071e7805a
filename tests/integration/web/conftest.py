"""The application on real servers, and people who use it."""

from __future__ import annotations

import io
import re

import boto3
import pytest
from argon2 import PasswordHasher
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from importer.app import create_app
from importer.config import Settings
from importer.control import accounts
from importer.models import Base, FailedRow, Import, Role
from importer.record_types import RecordTypes
from importer.statuses import Status
from importer.storage import trial
from importer.storage.s3 import Storage
from importer.web.extensions import db

PASSWORD = "correct horse battery"
AIRPORTS = b"icao,name,lat\nEDDB,Berlin,52.4\nEDDF,Frankfurt,50.0\n"


@pytest.fixture(scope="session")
def tables(servers):
    """The name of a database with every table of the product, to be cloned."""
    url = servers.postgres.create_database("pages")
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
    RecordTypes()  # loads the modules of their tables
    Base.metadata.create_all(engine)
    engine.dispose()
    return "pages"


@pytest.fixture
def database_url(servers, tables):
    """The URL of a fresh database that has every table, and nothing in them."""
    with servers.postgres.passing_database(tables) as url:
        yield url


@pytest.fixture
def settings(servers, database_url, monkeypatch):
    for name, value in servers.environment().items():
        monkeypatch.setenv(name, value)
    return Settings.from_environment(
        {
            **servers.environment(),
            "DATABASE_URL": database_url,
            "SECRET_KEY": "of tests and nothing else",
            "BASE_URL": "https://importer.example/",
            "ALLOWED_HOSTS": "localhost",
            "SESSION_COOKIE_SECURE": "false",
            "MAX_UPLOAD_BYTES": "2000000",
        }
    )


@pytest.fixture
def app(settings, storage):
    app = create_app(settings)
    app.testing = True
    services = app.extensions["importer"]
    services.redis.flushdb()
    services.storage = Storage(storage.bucket, storage._client)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def services(app):
    return app.extensions["importer"]


@pytest.fixture
def session(app, monkeypatch):
    """A session of its own: an application context that stays open would be shared by all requests."""
    monkeypatch.setattr(accounts, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    with Session(app.extensions["importer"].engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def admin(session):
    return accounts.create_user(session, email="admin@example.com", role=Role.ADMIN, password=PASSWORD)


@pytest.fixture
def operator(session):
    return accounts.create_user(session, email="operator@example.com", role=Role.OPERATOR, password=PASSWORD)


@pytest.fixture
def other(session):
    return accounts.create_user(session, email="other@example.com", role=Role.OPERATOR, password=PASSWORD)


@pytest.fixture
def client(app):
    """A browser of a stranger."""
    return app.test_client()


@pytest.fixture
def runner(app):
    return app.test_cli_runner()


class Visitor:
    """A browser in which somebody is logged in, and which knows its page's CSRF token."""

    def __init__(self, app, user):
        self.client = app.test_client()
        self.token = self._token("/login")
        answer = self.client.post(
            "/login", data={"email": user.email, "password": PASSWORD, "csrf_token": self.token}
        )
        assert answer.status_code == 302
        self.token = self._token("/imports/new")

    def _token(self, path):
        page = self.client.get(path).get_data(as_text=True)
        return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]

    def get(self, path, **more):
        return self.client.get(path, **more)

    def page(self, path):
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.status
        return answer.get_data(as_text=True)

    def post(self, path, data=None, **more):
        headers = {"X-CSRFToken": self.token, **more.pop("headers", {})}
        return self.client.post(path, data=data, headers=headers, **more)

    def delete(self, path):
        return self.client.delete(path, headers={"X-CSRFToken": self.token})

    def upload(self, content=AIRPORTS, *, name="airports.csv", record_type="airports", headers=None):
        return self.post(
            f"/imports?record_type={record_type}",
            {"file": (io.BytesIO(content), name)},
            headers={"Accept": "application/json", **(headers or {})},
        )


@pytest.fixture
def visitor(app):
    return lambda user: Visitor(app, user)


@pytest.fixture
def make_import(session):
    """Makes an import of somebody, with failed rows if wanted."""

    def make(user, status=Status.COMPLETED, *, failed=(), **values):
        ended = sum(values.get(f"{name}_rows", 0) for name in ("created", "updated", "unchanged", "superseded"))
        values = {
            "total_rows": ended + len(failed) if status == Status.COMPLETED else None,
            "record_type": "airports",
            "filename": "airports.csv",
            "allowed_failed_rows": 100,
            "size_bytes": 100,
            "etag": '"x"',
            "header": ["icao", "name"],
            "columns": ["icao", "name"],
            **values,
        }
        import_ = Import(status=status, created_by=user.id, failed_rows=len(failed), **values)
        session.add(import_)
        session.flush()
        for number, cells in enumerate(failed, 1):
            session.add(
                FailedRow(
                    import_sequence=import_.sequence,
                    row_number=number,
                    line_number=number + 1,
                    code="bad",
                    column_name="name",
                    message="the name is bad",
                    cells=list(cells),
                )
            )
        session.commit()
        return import_

    return make


@pytest.fixture
def stored(servers):
    """What S3 holds: keys of objects and of unfinished uploads."""

    def look():
        s3 = boto3.client("s3")
        bucket = servers.environment()["S3_BUCKET"]
        objects = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        uploads = s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
        return {found["Key"] for found in [*objects, *uploads]} - {trial.KEY}

    return look
