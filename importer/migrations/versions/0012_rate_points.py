"""How an import went is kept: its counters, now and then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "rate_points",
        sa.Column("import_sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "mark",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="seconds, a multiple of the distance of its points",
        ),
        sa.Column("seconds", sa.Double(), nullable=False, comment="that it had run, without pauses and waiting"),
        sa.Column("imported_rows", sa.Integer(), nullable=False),
        sa.Column("failed_rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("import_sequence", "mark", name=op.f("pk_rate_points")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("rate_points")
