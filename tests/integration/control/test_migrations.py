"""The tables that production has: the other tests make theirs from the models."""

import flask_migrate
import pytest
from sqlalchemy import inspect

from importer.app import create_app
from importer.config import Settings
from importer.web.extensions import db


@pytest.fixture
def application(servers, database_url):
    """The application on an empty database."""
    values = {**servers.environment(), "DATABASE_URL": database_url, "SECRET_KEY": "of tests and nothing else"}
    with (application := create_app(Settings.from_environment(values))).app_context():
        yield application
        db.engine.dispose()


def test_the_migrations_make_the_tables_of_the_models_and_take_them_back(application):
    flask_migrate.upgrade()
    flask_migrate.check()
    flask_migrate.downgrade(revision="base")
    assert inspect(db.engine).get_table_names() == ["alembic_version"]
