"""One-time links have a table of their own, tokens a scope and an end, and people the time of their last use."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    """Apply. Links that were made before are at most 15 minutes from their end; they are refused from now on."""
    last_used = sa.Column("last_used_at", MOMENT, nullable=True, comment="to the minute, by pages or tokens")
    op.add_column("users", last_used)
    op.drop_column("users", "login_link_expires_at")
    op.drop_column("users", "login_link_hash")
    _create_links()
    op.add_column("api_tokens", sa.Column("scope", sa.String(5), server_default="write", nullable=False))
    expires = sa.Column("expires_at", MOMENT, nullable=True, comment="null: it does not expire")
    op.add_column("api_tokens", expires)


def _create_links() -> None:
    withdrawn = "when a newer link took its place, or its person was disabled"
    op.create_table(
        "one_time_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True, comment=withdrawn),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_one_time_links_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_links")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_one_time_links_secret_hash")),
    )
    op.create_index(op.f("ix_one_time_links_user_id"), "one_time_links", ["user_id"])


def downgrade() -> None:
    """Take back."""
    for column in ("expires_at", "scope"):
        op.drop_column("api_tokens", column)
    op.drop_table("one_time_links")
    op.add_column("users", sa.Column("login_link_hash", sa.String(length=64), nullable=True))
    op.add_column("users", sa.Column("login_link_expires_at", MOMENT, nullable=True))
    op.drop_column("users", "last_used_at")
