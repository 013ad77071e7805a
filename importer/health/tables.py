"""Whether the product's tables are in the schema that DATABASE_SCHEMA names, and not somebody else's."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import text
from sqlalchemy.orm import Session

from importer.models import Alteration, ApiToken, Base, FailedRow, Import, Layout, LedgerLine, User

MODELS = (Alteration, ApiToken, FailedRow, Import, Layout, LedgerLine, User)
TABLES = [Base.metadata.tables[model.__tablename__] for model in MODELS]

COLUMNS = text("""
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = :schema AND table_name = ANY(:tables)
""")


def what_is_missing(session: Session, schema: str) -> str:
    """What the schema lacks of the product's tables, and what to do; empty where it lacks nothing."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for table, column in session.execute(COLUMNS, {"schema": schema, "tables": [table.name for table in TABLES]}):
        found[table].add(column)
    absent = [table.name for table in TABLES if table.name not in found]
    if absent:
        return (
            f"The schema {schema} (DATABASE_SCHEMA) has no table {', '.join(absent)}. Run `flask db upgrade`, or "
            "name the schema in which they are."
        )
    for table in TABLES:
        lacking = [column.name for column in table.columns if column.name not in found[table.name]]
        if lacking:
            return (
                f"The table {table.name} in the schema {schema} has no column {', '.join(lacking)}. Run `flask db "
                "upgrade`, or if it is somebody else's, set a DATABASE_SCHEMA of your own."
            )
    return ""
