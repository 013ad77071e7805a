"""The list of imports is quick to narrow, and says which share of its file an import has done that ended early."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

INDEXES = {
    "ix_imports_status": ["status", "sequence"],
    "ix_imports_record_type": ["record_type", "sequence"],
    "ix_imports_created_at": ["created_at"],
}

READ_BYTES = "of the file or its converted lines, when it ended before the file's end"


def upgrade() -> None:
    """Apply."""
    op.add_column("imports", sa.Column("read_bytes", sa.BigInteger(), nullable=True, comment=READ_BYTES))
    lower = sa.Computed("lower(filename)", persisted=True)
    comment = "by which the list is searched"
    op.add_column("imports", sa.Column("filename_lower", sa.Text(), lower, nullable=False, comment=comment))
    for name, columns in INDEXES.items():
        op.create_index(name, "imports", columns)
    op.create_index("ix_imports_failed", "imports", ["sequence"], postgresql_where=sa.text("failed_rows > 0"))


def downgrade() -> None:
    """Take back."""
    for name in ("ix_imports_failed", *INDEXES):
        op.drop_index(name, "imports")
    for column in ("filename_lower", "read_bytes"):
        op.drop_column("imports", column)
