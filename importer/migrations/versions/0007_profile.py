"""Files may be written with other delimiters and in other encodings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply."""
    comment = "how its lines are written; null: commas and UTF-8"
    op.add_column("imports", sa.Column("profile", postgresql.JSONB(), nullable=True, comment=comment))


def downgrade() -> None:
    """Take back."""
    op.drop_column("imports", "profile")
