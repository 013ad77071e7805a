"""Without our tables in the schema that is set, the application is not ready, and says what to do."""

import neighbours
import pytest

from importer.app import create_app
from importer.web.extensions import db


@pytest.fixture
def database_url(servers):
    with servers.postgres.passing_database() as url:
        yield url


@pytest.fixture
def without_tables(settings, database_url):
    """The application, with a schema, on a database with tables of somebody else's."""
    neighbours.execute(database_url, neighbours.TABLES)
    made = []

    def make(schema):
        made.append(create_app(settings.model_copy(update={"database_schema": schema})))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        (
            "bulk",
            "The schema bulk (DATABASE_SCHEMA) has no table alterations, api_tokens, failed_rows, imports, "
            "layouts, ledger, users.",
        ),
        (
            "public",
            "The schema public (DATABASE_SCHEMA) has no table alterations, api_tokens, failed_rows, layouts.",
        ),
    ],
)
def test_it_is_not_ready_and_the_doctor_says_which_tables_are_missing(without_tables, schema, sentence):
    app = without_tables(schema)
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["parts"]["database"] == "failing"
    said = app.test_cli_runner().invoke(args=["imports", "doctor"])
    assert said.exit_code == 1
    assert sentence in said.output
    assert "flask db upgrade" in said.output


def test_somebodys_table_with_the_name_of_ours_is_told_from_ours(without_tables, database_url):
    for table in ("alterations", "api_tokens", "failed_rows", "layouts"):
        neighbours.execute(database_url, f"CREATE TABLE {table} (import_sequence bigint, id int)")
    said = without_tables("public").test_cli_runner().invoke(args=["imports", "doctor"])
    assert "The table alterations in the schema public has no column field, kind, count" in said.output
    assert "if it is somebody else's, set a DATABASE_SCHEMA of your own" in said.output


def test_an_account_that_may_not_look_into_the_schema_is_told_so(settings, database_url):
    neighbours.execute(database_url, "CREATE SCHEMA bulk; CREATE ROLE stranger LOGIN")
    address = settings.database_url.replace("importer@", "stranger@")
    app = create_app(settings.model_copy(update={"database_url": address, "database_schema": "bulk"}))
    said = app.test_cli_runner().invoke(args=["imports", "doctor"])
    with app.app_context():
        db.engine.dispose()
    neighbours.execute(database_url, "DROP ROLE stranger")
    assert "Postgres denies its account what the product needs" in said.output
    assert "permission denied for schema bulk" in said.output


def test_nobody_logs_in_with_an_account_of_somebody_elses_users(without_tables):
    said = without_tables("bulk").test_cli_runner().invoke(args=["users", "list"])
    assert said.exit_code == 1
    assert "ann@example.com" not in said.output
    assert "flask db upgrade" in said.output
