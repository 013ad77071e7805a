"""Files of failed rows that came back corrected have their table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "corrected_files",
        sa.Column("repair_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("import_sequence", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.String(12), nullable=False, comment="the end of its key in S3"),
        sa.Column("etag", sa.String(200), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column(
            "rows_read", sa.Integer(), server_default="0", nullable=False, comment="rows of the file that are done"
        ),
        sa.Column(
            "left_alone",
            postgresql.JSONB(),
            server_default="{}",
            nullable=False,
            comment="by reason: how many rows, and the first ones",
        ),
        sa.Column("refusal", sa.Text(), nullable=True, comment="why it was not taken in to its end"),
        sa.Column(
            "tries",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="begun, since rows of it were last taken in",
        ),
        sa.Column(
            "is_stored",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="whether S3 still has it; then something is left to do",
        ),
        sa.ForeignKeyConstraint(
            ["repair_id"], ["repairs.id"], name=op.f("fk_corrected_files_repair_id_repairs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repair_id", name=op.f("pk_corrected_files")),
    )
    op.create_index(
        "ix_corrected_files_stored", "corrected_files", ["import_sequence"], postgresql_where=sa.text("is_stored")
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("corrected_files")
