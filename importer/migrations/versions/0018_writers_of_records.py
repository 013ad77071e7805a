"""The records of an import, and the record of a row, are found without reading the whole table."""

from __future__ import annotations

from typing import Any

from alembic import op

revision = "0018"
down_revision = "0017"

TABLES = ("airports", "contacts")
WRITER = ["imported_by", "imported_row"]
OPTIONS = {"pages_per_range": 512, "autosummarize": True}


def upgrade() -> None:
    """Apply; the index may have been made before, beside running imports."""
    options: dict[str, Any] = {"postgresql_using": "brin", "postgresql_with": OPTIONS}
    for table in TABLES:
        op.create_index(f"ix_{table}_writers", table, WRITER, if_not_exists=True, **options)


def downgrade() -> None:
    """Take back."""
    for table in TABLES:
        op.drop_index(f"ix_{table}_writers", table, if_exists=True)
