"""Imports say how many of their rows have left the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "imports",
        sa.Column(
            "folded_rows",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="imported rows whose lines have left the ledger",
        ),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_column("imports", "folded_rows")
