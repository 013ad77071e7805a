"""Files may be asked about, and converted, before their rows are read; what is read otherwise is counted."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"

IMPORT_COLUMNS: dict[str, tuple[Any, str]] = {
    "mapping": (postgresql.JSONB(), "how the file's cells fill the record's columns; null: by columns alone"),
    "answers": (postgresql.JSONB(), "what people have answered about the file, by question"),
    "questions": (postgresql.JSONB(), "what is still to be answered; null or empty: nothing"),
    "conversion": (
        postgresql.JSONB(),
        "what was converted, and what was noticed; null: the file is read as it is",
    ),
    "converted_etag": (sa.String(200), "of the object with the converted lines"),
    "converted_bytes": (sa.BigInteger(), "of that object"),
    "converted_rows": (sa.Integer(), "lines of that object; while it is made, so far"),
}

COUNTERS = {
    "empty_cells_kept": "empty cells that left an existing record's value alone",
    "empty_cells_cleared": "empty cells that cleared an existing record's value",
    "blank_rows": "lines without any value, which are no rows",
}


def upgrade() -> None:
    """Apply."""
    for name, (type_, comment) in IMPORT_COLUMNS.items():
        op.add_column("imports", sa.Column(name, type_, nullable=True, comment=comment))
    for name, comment in COUNTERS.items():
        counter = sa.Column(name, sa.BigInteger(), server_default="0", nullable=False, comment=comment)
        op.add_column("imports", counter)
    op.create_table(
        "alterations",
        sa.Column("import_sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "field", sa.String(255), nullable=False, comment="of the record type, or empty: of the whole row"
        ),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False, comment="cells, or rows"),
        sa.Column(
            "examples", sa.Text(), nullable=False, comment="the first few: row, before, after; JSON in ASCII"
        ),
        sa.PrimaryKeyConstraint("import_sequence", "field", "kind", name=op.f("pk_alterations")),
    )
    op.create_table(
        "layouts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("record_type", sa.String(100), nullable=False),
        sa.Column("header_digest", sa.String(64), nullable=False, comment="SHA-256 of the names of its columns"),
        sa.Column("user_id", sa.Integer(), nullable=True, comment="who answered; null: at the command line"),
        sa.Column("answers", postgresql.JSONB(), nullable=False, comment="by question"),
        sa.Column("answered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_layouts_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_layouts")),
    )
    op.create_index("ix_layouts_header", "layouts", ["record_type", "header_digest"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("layouts")
    op.drop_table("alterations")
    for name in (*COUNTERS, *IMPORT_COLUMNS):
        op.drop_column("imports", name)
