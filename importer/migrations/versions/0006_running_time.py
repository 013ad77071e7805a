"""Imports keep how long they were running, so that a pause is no part of what a row has taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ESTIMATE = """
UPDATE imports SET
    seconds_running = EXTRACT(EPOCH FROM COALESCE(finished_at, now()) - started_at),
    timed_until = now()
WHERE started_at IS NOT NULL
"""
"""How long the imports so far were paused is not known."""


def upgrade() -> None:
    """Apply."""
    running = "while its rows ended one batch after another"
    op.add_column(
        "imports", sa.Column("seconds_running", sa.Double(), server_default="0", nullable=False, comment=running)
    )
    until = "up to when seconds_running counts"
    op.add_column("imports", sa.Column("timed_until", sa.DateTime(timezone=True), nullable=True, comment=until))
    op.execute(ESTIMATE)


def downgrade() -> None:
    """Take back."""
    op.drop_column("imports", "timed_until")
    op.drop_column("imports", "seconds_running")
