"""Imports in a schema of their own, beside somebody's tables of the same names, and into tables elsewhere."""

import neighbours
import own_types
import pytest
import sales_types
from accounting import assert_every_row_accounted_for
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from stage import settings_of
from world import contacts, contacts_csv, many_contacts

from importer.control import doctor, imports, retries
from importer.ledger.lines import known_rows
from importer.models import Base, Role, User

SCHEMA = "Bulk-Import"  # a name that must be quoted

ELSEWHERE = """
CREATE SCHEMA "Bulk-Import";
CREATE SCHEMA sales;
CREATE SCHEMA extensions;
CREATE EXTENSION vector SCHEMA extensions
"""


@pytest.fixture
def environment(servers):
    """The environment of a dispatcher or worker on a database that is shared."""
    with servers.postgres.passing_database() as url:
        neighbours.execute(url, neighbours.TABLES)
        neighbours.execute(url, ELSEWHERE)
        name = url.rpartition("/")[2]
        neighbours.execute(url, f'ALTER DATABASE {name} SET search_path = "$user", public, extensions')
        types = f"{own_types.PATHS},{sales_types.PATH}"
        yield {**settings_of(servers, url), "DATABASE_SCHEMA": SCHEMA, "RECORD_TYPES": types}


@pytest.fixture
def theirs(environment):
    """What is in the schema public must be as it was."""
    before = neighbours.everything(environment["DATABASE_URL"])
    yield
    assert neighbours.everything(environment["DATABASE_URL"]) == before


@pytest.fixture
def installed(world, theirs):
    """The product with its tables, and one person."""
    with world.services.engine.begin() as connection:
        connection.execute(text('SET LOCAL search_path = "Bulk-Import", extensions'))
        Base.metadata.create_all(connection)
        own_types.OwnBase.metadata.create_all(connection)
        sales_types.SalesBase.metadata.create_all(connection)
    with world.session() as session:
        session.add(User(email="ann@example.com", role=Role.ADMIN))
        session.commit()
    return world


def found(world, query):
    with world.services.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_an_import_runs_in_its_own_schema_from_upload_to_deletion(installed):
    csv, records = many_contacts(100)
    import_id = installed.import_file(csv + "nonsense,x\n")
    assert_every_row_accounted_for(installed, import_id, records, rows=101)
    assert installed.codes(import_id) == {101: "invalid_email"}
    installed.verb(retries.retry, import_id, 101)
    installed.run()
    assert installed.failed_rows(import_id)[101].attempts == 2
    again = installed.import_file(contacts_csv([("person1@example.com", "new")]))
    assert installed.counts(again) == {"updated": 1}
    with installed.session() as session:
        wanted = doctor.wanted_imports(session)
        assert list(doctor.examine_twice(session, installed.services, wanted)) == []
    installed.verb(imports.delete, import_id)
    installed.recover()
    assert not installed.exists(import_id)


def test_a_record_type_that_saves_each_row_by_itself_writes_into_our_schema(installed):
    import_id = installed.import_file("owner,amount,act\nann,1,\nbob,2,reject\nann,3,nested\n", "deposits")
    assert installed.codes(import_id) == {2: "account_closed"}
    assert installed.balances()["ann"] == 4


@pytest.mark.usefixtures("way_of_writing")
def test_a_table_in_another_schema_is_written_and_its_errors_name_column_and_key(installed):
    installed.execute("INSERT INTO sales.customers VALUES ('ann')")
    csv = 'number,customer,place\n1,ann,"[1,2]"\n2,bob,\n3,ann,\n4,,nowhere\n1,ann,"[3,4]"\n'
    import_id = installed.import_file(csv, "invoices")
    assert installed.codes(import_id) == {2: "database_23503", 4: "database_22P02"}
    failed = installed.failed_rows(import_id)[2]
    assert failed.column_name == "customer"
    assert '(customer)=(bob) is not present in table "customers"' in failed.message
    rows = found(installed, "SELECT number, customer, place::text FROM sales.invoices ORDER BY number")
    assert rows == [("1", "ann", "[3,4]"), ("3", "ann", None)]


def test_before_the_migrations_no_table_of_somebody_else_is_taken_for_ours(world, theirs):
    with world.session() as session, pytest.raises(ProgrammingError, match='"users" does not exist'):
        session.query(User).all()
    with pytest.raises(ProgrammingError, match='"imports" does not exist'):
        world.execute("UPDATE imports SET status = 'paused'")
    with world.services.engine.begin() as connection, pytest.raises(ProgrammingError, match='"ledger" does not'):
        known_rows(connection, 1, 1, 1)


def test_while_one_table_of_ours_is_missing_no_table_of_somebody_else_is_taken_for_it(installed):
    installed.execute("DROP TABLE ledger")
    with pytest.raises(ProgrammingError, match='"ledger" does not exist'):
        installed.execute("DELETE FROM ledger")
    assert installed.records() == contacts({})


def test_somebodys_functions_find_their_tables_as_in_a_session_of_their_own(installed):
    assert found(installed, "SELECT current_schemas(false)") == [([SCHEMA, "public", "extensions"],)]
