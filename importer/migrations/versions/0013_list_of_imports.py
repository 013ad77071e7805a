"""The list of imports is quick to narrow, and says which share of its file an import has done that ended early."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
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
    for name, columns in INDEXES.items():
        op.create_index(name, "imports", columns)


def downgrade() -> None:
    """Take back."""
    for name in INDEXES:
        op.drop_index(name, "imports")
    op.drop_column("imports", "read_bytes")
