"""Layouts may have a name, by which an upload says how its file is read."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"

LAYOUT_COLUMNS: dict[str, tuple[Any, str]] = {
    "name": (sa.String(100), "given by a person; null: the answers are remembered by the header alone"),
    "header": (postgresql.JSONB(), "the names of its columns; null: it has no name"),
}

IMPORT_COLUMNS: dict[str, str] = {
    "layout": "the named layout by which the file is read, as it was when that was said; null: none",
    "save_layout": "the name under which its answers are kept once it begins, and who said so; null: none",
}


def upgrade() -> None:
    """Apply."""
    for name, (type_, comment) in LAYOUT_COLUMNS.items():
        op.add_column("layouts", sa.Column(name, type_, nullable=True, comment=comment))
    op.create_index("uq_layouts_name", "layouts", [sa.text("lower(name)")], unique=True)
    for name, comment in IMPORT_COLUMNS.items():
        op.add_column("imports", sa.Column(name, postgresql.JSONB(), nullable=True, comment=comment))


def downgrade() -> None:
    """Take back; layouts with a name are forgotten, for without it they would count as remembered ones."""
    for name in IMPORT_COLUMNS:
        op.drop_column("imports", name)
    op.execute("DELETE FROM layouts WHERE name IS NOT NULL")
    op.drop_index("uq_layouts_name", table_name="layouts")
    for name in LAYOUT_COLUMNS:
        op.drop_column("layouts", name)
