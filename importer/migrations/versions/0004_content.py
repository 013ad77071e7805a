"""Imports keep a digest of their file, so that the same file sent again is known from another one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply."""
    op.add_column("imports", sa.Column("content_sha256", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("imports", "content_sha256")
