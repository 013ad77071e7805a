"""Imports that ended early know until when their file is kept; mails tell of questions, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

TOLD_BEFORE = "when a mail about this pause was noted"
TOLD = "when a mail about this pause, or about its questions, was noted"


def upgrade() -> None:
    """Apply. Files of imports that ended before are gone already."""
    until = "until when S3 holds its file, for its rows that were left undone; null: it does not"
    op.add_column("imports", sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True, comment=until))
    op.create_index(
        "ix_imports_kept", "imports", ["kept_until"], postgresql_where=sa.text("kept_until IS NOT NULL")
    )
    op.alter_column("imports", "pause_told_at", comment=TOLD, existing_comment=TOLD_BEFORE)


def downgrade() -> None:
    """Take back. Files that are kept stay in S3 until their import is deleted."""
    op.alter_column("imports", "pause_told_at", comment=TOLD_BEFORE, existing_comment=TOLD)
    op.drop_index("ix_imports_kept", "imports")
    op.drop_column("imports", "kept_until")
