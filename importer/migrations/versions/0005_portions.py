"""All failed rows of an import are asked for again in portions, and the end of an upload is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply."""
    asked = sa.Column(
        "retry_after",
        sa.Integer(),
        nullable=True,
        comment="all failed rows after this one are still to be asked for again; null: none",
    )
    op.add_column("imports", asked)
    left = sa.Column(
        "retries_to_ask", sa.Integer(), server_default="0", nullable=False, comment="how many those are"
    )
    op.add_column("imports", left)
    ended = sa.Column(
        "upload_ended_at",
        sa.DateTime(timezone=True),
        nullable=True,
        comment="when no more could come of it, well or not",
    )
    op.add_column("imports", ended)
    op.create_index("ix_imports_retry", "imports", ["id"], postgresql_where=sa.text("retry_after IS NOT NULL"))


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_imports_retry", table_name="imports")
    op.drop_column("imports", "upload_ended_at")
    op.drop_column("imports", "retries_to_ask")
    op.drop_column("imports", "retry_after")
