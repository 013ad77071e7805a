"""The tables that production has: the other tests make theirs from the models."""

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from importer.app import create_app
from importer.config import Settings
from importer.ledger.lines import known_rows
from importer.models import Base
from importer.web.extensions import db


@pytest.fixture
def application(servers, database_url):
    """The application on an empty database."""
    values = {**servers.environment(), "DATABASE_URL": database_url, "SECRET_KEY": "of tests and nothing else"}
    with (application := create_app(Settings.from_environment(values))).app_context():
        yield application
        db.engine.dispose()


def differences() -> list[object]:
    """Between the database and the models, whatever `flask db migrate` leaves alone."""
    with db.engine.connect() as connection:
        options = {"compare_type": True, "version_table": "bulk_importer_versions"}
        context = MigrationContext.configure(connection, opts=options)
        return compare_metadata(context, Base.metadata)


def test_the_migrations_make_the_tables_of_the_models_and_take_them_back(application):
    flask_migrate.upgrade()
    assert differences() == []
    flask_migrate.check()
    flask_migrate.downgrade(revision="base")
    assert inspect(db.engine).get_table_names() == ["bulk_importer_versions"]


def test_the_index_on_writers_may_be_made_before_its_migration(application):
    flask_migrate.upgrade(revision="0017")
    with db.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE INDEX ix_contacts_writers ON contacts USING brin (imported_by, imported_row)"
            " WITH (pages_per_range = 512, autosummarize = true)"
        )
    flask_migrate.upgrade()
    assert differences() == []
    names = [
        {index["name"] for index in inspect(db.engine).get_indexes(table)} for table in ("contacts", "airports")
    ]
    assert names == [{"ix_contacts_writers"}, {"ix_airports_writers"}]


IMPORTS = """
INSERT INTO imports (id, record_type, filename, status, rows_line, rows_offset, dispatched_rows, updated_rows,
    unchanged_rows, superseded_rows, failed_slices, allowed_failed_rows, total_rows, created_rows, failed_rows,
    folded_rows)
SELECT id, 'contacts', 'a.csv', status, 1, 10, 0, 0, 0, 0, 0, 10, total, created, failed, folded
FROM (VALUES ('scattered', 'running', NULL, 15000, 1, 0), ('folded', 'completed', 5, 3, 2, 3),
    ('early', 'cancelled', NULL, 4, 1, 4)) AS given (id, status, total, created, failed, folded)
"""

STARTED = """
INSERT INTO imports (id, record_type, filename, status, rows_line, rows_offset, dispatched_rows, updated_rows,
    unchanged_rows, superseded_rows, failed_slices, allowed_failed_rows, created_rows, failed_rows, started_at,
    finished_at)
SELECT id, 'contacts', 'a.csv', 'completed', 1, 10, 0, 0, 0, 0, 0, 10, 0, 0, started,
    started + interval '2 minutes'
FROM (VALUES ('done', now()), ('never', NULL)) AS given (id, started)
"""

LINES = """
INSERT INTO ledger (import_sequence, row_number, outcome)
SELECT 1, 2 * number, 1 FROM generate_series(1, 15000) AS number
UNION ALL VALUES (1, 3, 2), (2, 4, 2), (2, 5, 2), (3, 9, 2)
"""

FAILED = """
INSERT INTO failed_rows (import_sequence, row_number, line_number, code, message, cells)
VALUES (1, 3, 4, 'x', 'x', '[]'), (2, 4, 5, 'x', 'x', '[]'), (2, 5, 6, 'x', 'x', '[]'), (3, 9, 10, 'x', 'x', '[]')
"""

LINES_NOW = "SELECT import_sequence, row_number, outcome FROM ledger ORDER BY 1, 2"


def ended(sequence: int) -> set[int]:
    with db.engine.connect() as connection:
        return known_rows(connection, sequence, 0, 100_000)


def execute(*statements: str) -> None:
    with db.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_ledgers_of_a_line_for_each_row_are_carried_over(application):
    flask_migrate.upgrade(revision="0002")
    execute(IMPORTS, LINES, FAILED)
    flask_migrate.upgrade()
    assert ended(1) == {3, *range(2, 30_001, 2)}
    assert ended(2) == {1, 2, 3, 4, 5}
    assert len(ended(3)) == 5
    assert 9 in ended(3)


def test_imports_of_before_are_given_the_time_between_their_start_and_their_end(application):
    flask_migrate.upgrade(revision="0004")
    execute(STARTED)
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        found = {
            row.id: row.seconds_running
            for row in connection.execute(text("SELECT id, seconds_running FROM imports"))
        }
    assert found == {"done": 120, "never": 0}


def test_a_ledger_of_ranges_is_taken_back_row_by_row(application):
    flask_migrate.upgrade(revision="0002")
    execute(LINES, FAILED)
    with db.engine.connect() as connection:
        before = connection.execute(text(LINES_NOW)).all()
    flask_migrate.upgrade()
    flask_migrate.downgrade(revision="0002")
    with db.engine.connect() as connection:
        assert connection.execute(text(LINES_NOW)).all() == before


LAYOUTS = """
INSERT INTO layouts (name, record_type, header_digest, answers)
VALUES ('SAP', 'contacts', 'a', '{}'), (NULL, 'contacts', 'b', '{}'), (NULL, 'contacts', 'b', '{}')
"""


def layouts() -> list[str]:
    with db.engine.connect() as connection:
        return list(connection.scalars(text("SELECT header_digest FROM layouts ORDER BY id")))


def test_taking_back_the_names_of_layouts_forgets_those_that_have_one(application):
    flask_migrate.upgrade()
    execute(LAYOUTS)
    flask_migrate.downgrade(revision="0008")
    assert layouts() == ["b", "b"]
    flask_migrate.upgrade()
    assert layouts() == ["b", "b"]


def test_no_two_layouts_have_one_name_whatever_its_case(application):
    flask_migrate.upgrade()
    execute(LAYOUTS)
    with pytest.raises(IntegrityError):
        execute(LAYOUTS.replace("SAP", "sap"))
