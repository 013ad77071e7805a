"""Runs the migrations: those of the product, and in a branch of their own those of your record types."""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

from alembic import context
from alembic.operations.ops import MigrationScript
from alembic.util import CommandError
from click import ClickException
from flask import current_app
from psycopg2.errors import DuplicateTable
from sqlalchemy import BLANK_SCHEMA, Connection, Engine, MetaData, event
from sqlalchemy.exc import ProgrammingError

from importer.connections import connect_for_migrations
from importer.health.checks import DATABASE
from importer.migrations.home import VERSION_TABLE, prepare
from importer.models import Base
from importer.transactions import is_autocommit, quote

log = logging.getLogger("importer.migrations")

BRANCH = "record_types"
"""The branch of your record types; that of the product is `importer`."""

LOCK = 7_312_061
"""Advisory lock: two releases that start at once apply the migrations one after the other."""

LOOK_SECONDS = 0.2
"""Between two looks whether the lock is free."""


def run() -> None:
    """Apply migrations under the lock, each in a transaction of its own."""
    _refuse_wrong_database()
    settings = current_app.extensions["importer"].settings
    engine = connect_for_migrations(settings)
    event.listen(engine, "begin", _refuse_pooler, insert=True)
    try:
        with _one_at_a_time(engine), engine.connect() as connection:
            with connection.begin():
                prepare(connection, settings.database_schema, _revisions())
            _run_on(connection, settings.database_schema)
    finally:
        engine.dispose()


def _revisions() -> set[str]:
    return {revision.revision for revision in context.script.walk_revisions()}


def _run_on(connection: Connection, schema: str) -> None:
    connection.dialect.default_schema_name = schema  # Alembic's own advice where a search path is set
    models = _models(schema)
    context.configure(
        connection=connection,
        target_metadata=models,
        version_table=VERSION_TABLE,
        version_table_schema=schema,
        transaction_per_migration=True,
        compare_type=True,
        include_schemas=True,
        include_name=_looks_at(connection, schema, models),
        include_object=_is_ours,
        process_revision_directives=_place,
    )
    try:
        with context.begin_transaction():
            context.run_migrations()
    except ProgrammingError as error:
        if not isinstance(error.orig, DuplicateTable):
            raise
        taken = str(error.orig).partition("\n")[0]
        raise CommandError(
            f"{taken} in the schema {quote(schema)}. If it is somebody else's, set DATABASE_SCHEMA to a schema of "
            "your own."
        ) from error


def _refuse_wrong_database() -> None:
    """Rather than fail in the middle of a migration, with what that happens to need."""
    for finding in DATABASE.findings(current_app.extensions["importer"]):
        if not finding.ok:
            raise ClickException(finding.message)


@contextlib.contextmanager
def _one_at_a_time(engine: Engine) -> Iterator[None]:
    """Hold the lock, in a transaction of its own: behind a pooler a session is not ours, a transaction is.

    It is asked for again and again: a statement that waits for it would hold up CREATE INDEX CONCURRENTLY, which
    waits for every older statement.
    """
    with engine.connect() as connection:
        for looks in itertools.count():
            if connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({LOCK})").scalar():
                break
            connection.rollback()
            if looks == 0:
                log.warning("another release applies its migrations; these wait until it has ended")
            time.sleep(LOOK_SECONDS)
        yield


def _refuse_pooler(connection: Connection) -> None:
    """Refuse to leave transactions on a session that is not ours alone: settings would be lost, or left to others.

    Raises:
        CommandError: it says what to do.
    """
    if not is_autocommit(connection):
        return
    promised: Any = connection.connection.dbapi_connection
    if connection.exec_driver_sql("SELECT pg_backend_pid()").scalar() != promised.info.backend_pid:
        raise CommandError(
            "This migration leaves its transaction (autocommit_block), and a connection pooler stands between it "
            "and Postgres. Set DATABASE_URL to the address of Postgres itself for this command."
        )


def _models(schema: str) -> MetaData:
    """The tables of the models. One that names our own schema names none here: so Alembic finds it."""

    def referred(_table: Any, _schema: Any, _key: Any, named: str | None) -> Any:
        return BLANK_SCHEMA if named == schema else named

    models = MetaData(naming_convention=Base.metadata.naming_convention)
    for table in Base.metadata.sorted_tables:
        named: Any = None if table.schema == schema else table.schema
        table.to_metadata(models, schema=named, referred_schema_fn=referred)
    return models


def _looks_at(connection: Connection, schema: str, models: MetaData) -> Callable[[str | None, str, Any], bool]:
    """Whether autogenerate looks at a schema, None being ours, and at a table in it: if it is a model's."""
    wanted = {(table.schema, table.name) for table in models.tables.values()}
    schemas = {None, *(table_schema for table_schema, _ in wanted)}

    def looks_at(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "schema":
            # Comes first. By a longer search path tables of other schemas would pass for ours, and keys that lead
            # to them would not name their schema.
            connection.exec_driver_sql(f"SET LOCAL search_path = {quote(schema)}")
            return name in schemas
        return kind != "table" or (parents["schema_name"], name) in wanted

    return looks_at


def _is_ours(_thing: Any, _name: str | None, _kind: str, reflected: bool, counterpart: Any) -> bool:
    """Whether autogenerate may look at something: what is in the database alone belongs to somebody else, or holds
    data. So it never writes a drop.
    """
    return not reflected or counterpart is not None


def _place(_context: Any, _revision: Any, scripts: list[MigrationScript]) -> None:
    """Put a new revision into the branch of your record types, unless the command names a folder or a head.

    The first one stands on whatever there is by then.
    """
    (script,) = scripts
    if script.version_path is not None or script.head != "head":
        return
    script.version_path = current_app.extensions["importer"].settings.migrations_folder
    if any(BRANCH in revision.branch_labels for revision in context.script.walk_revisions()):
        script.head = f"{BRANCH}@head"
    else:
        script.head, script.branch_label, script.depends_on = "base", BRANCH, list(context.script.get_heads())


run()
