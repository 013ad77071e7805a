"""Who had written the records that rows met is noted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Apply. What earlier imports wrote over is not known."""
    op.create_table(
        "writer_notes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("import_sequence", sa.BigInteger(), nullable=False),
        sa.Column("first_row", sa.Integer(), nullable=False, comment="the lowest of row_numbers"),
        sa.Column("last_row", sa.Integer(), nullable=False, comment="the highest"),
        sa.Column("first_writer", sa.BigInteger(), nullable=False, comment="the lowest of writers"),
        sa.Column("last_writer", sa.BigInteger(), nullable=False, comment="the highest"),
        sa.Column("row_numbers", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column(
            "writers", postgresql.ARRAY(sa.BigInteger()), nullable=False, comment="in the order of row_numbers"
        ),
        sa.Column(
            "changed",
            postgresql.ARRAY(sa.Boolean()),
            nullable=False,
            comment="whether the row changed a value, in the order of row_numbers",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_writer_notes")),
    )
    for column in ("row_numbers", "writers", "changed"):  # to compress them takes longer than to write them
        op.execute(f"ALTER TABLE writer_notes ALTER {column} SET STORAGE EXTERNAL")
    op.create_index("ix_writer_notes_rows", "writer_notes", ["import_sequence", "first_row"])
    comment = "whether its rows note the writers of the records that they meet"
    op.add_column(
        "imports",
        sa.Column("notes_writers", sa.Boolean(), server_default="false", nullable=False, comment=comment),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_column("imports", "notes_writers")
    op.drop_table("writer_notes")
