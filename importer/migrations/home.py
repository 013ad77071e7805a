"""Where migrations are at home: the schema of our tables, and in it the table of the revisions applied."""

from __future__ import annotations

from collections.abc import Set

from alembic.util import CommandError
from psycopg2.errors import InsufficientPrivilege
from sqlalchemy import Connection, column, inspect, select, table, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.schema import CreateSchema

from importer.transactions import quote

VERSION_TABLE = "bulk_importer_versions"

FIRST_VERSION_TABLE = "alembic_version"
"""Its name in the first releases, which is also Alembic's own for everybody's."""

FIRST_TABLES = {"api_tokens", "failed_rows", "imports", "ledger", "users"}
"""What every release has."""

MAY_MAKE_TABLES = text("SELECT has_schema_privilege(:schema, 'USAGE') AND has_schema_privilege(:schema, 'CREATE')")


def prepare(connection: Connection, schema: str, revisions: Set[str]) -> None:
    """Make the schema, and take over the version table of the first releases.

    Args:
        revisions: all that there are, of the product and of its record types.

    Raises:
        CommandError: an administrator must help first; it says how.
    """
    if not inspect(connection).has_schema(schema):
        _make_schema(connection, schema)
    tables = set(inspect(connection).get_table_names(schema=schema))
    if VERSION_TABLE in tables:
        return
    if not connection.execute(MAY_MAKE_TABLES, {"schema": schema}).scalar_one():
        account, name = _account(connection), quote(schema)
        raise CommandError(
            f"The account {account} may not make tables in the schema {name} (DATABASE_SCHEMA). "
            f"Let an administrator run: GRANT USAGE, CREATE ON SCHEMA {name} TO {account};"
        )
    if FIRST_VERSION_TABLE in tables and tables >= FIRST_TABLES:
        _take_over(connection, schema, revisions)


def _make_schema(connection: Connection, schema: str) -> None:
    try:
        with connection.begin_nested():
            connection.execute(CreateSchema(schema))
    except ProgrammingError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        account, name = _account(connection), quote(schema)
        raise CommandError(
            f"There is no schema {name} (DATABASE_SCHEMA), and the account {account} may not make it. "
            f"Let an administrator run: CREATE SCHEMA {name} AUTHORIZATION {account};"
        ) from error


def _take_over(connection: Connection, schema: str, revisions: Set[str]) -> None:
    """Rename the version table, if it is ours: somebody else's has revisions that we do not know."""
    first = table(FIRST_VERSION_TABLE, column("version_num"), schema=schema)
    unknown = set(connection.scalars(select(first.c.version_num))) - revisions
    if unknown:
        raise CommandError(
            f"The table {FIRST_VERSION_TABLE} in the schema {quote(schema)} has revisions that neither the "
            f"product nor MIGRATIONS_FOLDER has: {', '.join(sorted(unknown))}. If they are of your record types, "
            "put their files into that folder; if the tables are somebody else's, set another DATABASE_SCHEMA."
        )
    moved = f"ALTER TABLE {quote(schema)}.{VERSION_TABLE}"
    connection.exec_driver_sql(f"ALTER TABLE {quote(schema)}.{FIRST_VERSION_TABLE} RENAME TO {VERSION_TABLE}")
    connection.exec_driver_sql(f"{moved} RENAME CONSTRAINT {FIRST_VERSION_TABLE}_pkc TO {VERSION_TABLE}_pkc")


def _account(connection: Connection) -> str:
    return quote(connection.exec_driver_sql("SELECT current_user").scalar_one())
