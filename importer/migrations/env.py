"""Runs the migrations: those of the product, and in a branch of their own those of your record types."""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from collections.abc import Iterator
from typing import Any

from alembic import context
from alembic.operations.ops import MigrationScript
from flask import current_app
from sqlalchemy import Engine

from importer.models import Base

log = logging.getLogger("importer.migrations")

BRANCH = "record_types"
"""The branch of your record types; that of the product is `importer`."""

LOCK = 7_312_061
"""Advisory lock: two releases that start at once apply the migrations one after the other."""

LOOK_SECONDS = 0.2
"""Between two looks whether the lock is free."""


def run() -> None:
    """Apply migrations under the lock, each in a transaction of its own."""
    extension = current_app.extensions["migrate"]
    with _one_at_a_time(extension.db.engine), extension.db.engine.connect() as connection:
        connection.exec_driver_sql("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        connection.commit()
        try:
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                transaction_per_migration=True,
                compare_type=True,
                include_object=_is_ours,
                process_revision_directives=_place,
            )
            with context.begin_transaction():
                context.run_migrations()
        finally:
            connection.invalidate()  # the next one has its time limits again


@contextlib.contextmanager
def _one_at_a_time(engine: Engine) -> Iterator[None]:
    """Hold the lock, on a connection of its own.

    It is asked for again and again: a statement that waits for it would hold up CREATE INDEX CONCURRENTLY, which
    waits for every older statement.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for looks in itertools.count():
            if connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({LOCK})").scalar():
                break
            if looks == 0:
                log.warning("another release applies its migrations; these wait until it has ended")
            time.sleep(LOOK_SECONDS)
        try:
            yield
        finally:
            connection.invalidate()  # its session ends, and the lock with it


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
