"""The records of an import, and the record of a row, are found without reading the whole table."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"

TABLES = ("airports", "contacts")
WRITER = ["imported_by", "imported_row"]
OPTIONS = {"pages_per_range": 512, "autosummarize": True}


def upgrade() -> None:
    """Apply."""
    for table in TABLES:
        name = f"ix_{table}_imported_by"
        op.create_index(name, table, WRITER, postgresql_using="brin", postgresql_with=OPTIONS)


def downgrade() -> None:
    """Take back."""
    for table in TABLES:
        op.drop_index(f"ix_{table}_imported_by", table)
