"""Runs the migrations in the application's own database connection."""

from __future__ import annotations

from alembic import context
from flask import current_app

from importer.models import Base

LOCK = 7_312_061
"""Advisory lock: two releases that start at once apply the migrations one after the other."""


def run() -> None:
    """Apply migrations, all in one transaction under the lock."""
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=False)
        with context.begin_transaction():
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            context.run_migrations()


run()
