"""A repair says why it ended before it was carried out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Apply."""
    comment = "why it ended before it was carried out"
    op.add_column("repairs", sa.Column("reason", sa.Text(), nullable=True, comment=comment))


def downgrade() -> None:
    """Take back."""
    op.drop_column("repairs", "reason")
