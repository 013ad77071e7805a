"""What every transaction begins with: a live connection, the schemas in which tables are looked up, and its time
limits.

Both of these are set for the transaction alone. That holds on a connection of one's own as well as behind a pooler
that gives each transaction another one, where options of the session are refused, or lost in silence.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.postgresql import psycopg2
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from importer.models import Base
from importer.time_limits import IDLE_IN_TRANSACTION_SECONDS, LOCK_SECONDS, STATEMENT_SECONDS

IDLE_SECONDS = 1.0
"""A connection that idled for so long is tried before it is used again. SQLAlchemy's own `pool_pre_ping` tries it
before every transaction; an import of a few rows is a dozen of these within a few hundredths of a second."""

quote = psycopg2.dialect().identifier_preparer.quote

BEGIN = """
SELECT
    set_config('search_path', CASE
        WHEN EXISTS (SELECT FROM unnest(%(own)s::text[]) AS own (name) WHERE to_regclass(name) IS NULL)
        THEN %(schema)s
        ELSE concat_ws(', ', %(schema)s, NULLIF(current_setting('search_path'), ''))
    END, %(is_local)s),
    set_config('statement_timeout', %(statement)s, %(is_local)s),
    set_config('lock_timeout', %(lock)s, %(is_local)s),
    set_config('idle_in_transaction_session_timeout', %(idle)s, %(is_local)s)
"""
"""The database's own search path follows, for the types and functions of extensions. While a table of ours is
missing it does not: the name must not find a table of somebody else's."""


class Limits(NamedTuple):
    """Seconds that a statement may take, wait for a lock, and that a transaction may idle; 0: any number."""

    statement: int
    lock: int
    idle: int


LIMITS = Limits(STATEMENT_SECONDS, LOCK_SECONDS, IDLE_IN_TRANSACTION_SECONDS)


def set_up(engine: Engine, schema: str, limits: Limits = LIMITS, *, own_tables_only: bool = True) -> None:
    """Let every transaction of this engine begin with its settings; one of AUTOCOMMIT, with those of its session.

    Args:
        schema: where the tables are whose models name no schema.
        own_tables_only: while one of these is missing, look for no table elsewhere.
    """
    _try_what_idled(engine)
    seconds = {name: f"{value}s" for name, value in limits._asdict().items()}

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        parameters = {
            **seconds,
            "schema": quote(schema),
            "own": own_tables(schema) if own_tables_only else [],
            "is_local": not is_autocommit(connection),
        }
        connection.exec_driver_sql(BEGIN, parameters)


def _try_what_idled(engine: Engine) -> None:
    """Replace a connection that broke while it idled in the pool."""

    @event.listens_for(engine, "checkin")
    def note(_: object, entry: ConnectionPoolEntry) -> None:
        entry.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def try_it(connection: Any, entry: ConnectionPoolEntry, _: object) -> None:
        idle_since = entry.info.get("idle_since")
        if idle_since is None or time.monotonic() - idle_since < IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool connects anew


def own_tables(schema: str) -> list[str]:
    """The qualified names of the tables whose models name no schema."""
    tables = Base.metadata.tables.values()
    return [f"{quote(schema)}.{quote(table.name)}" for table in tables if table.schema is None]


def is_autocommit(connection: Connection) -> bool:
    """Whether each statement is a transaction of its own."""
    return connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
