"""One-time links have a table of their own, tokens a scope and an end, people the time of their last use; imports
know which one had their content before, and whom to write to.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"

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
    _tell_of_repeats()
    _create_mails()


def _tell_of_repeats() -> None:
    asks = "waits until a person wants the same file again"
    op.add_column(
        "imports",
        sa.Column("asks_about_repeat", sa.Boolean(), server_default="false", nullable=False, comment=asks),
    )
    repeats = "the import that had the same content before: its id, where it may be seen, and a sentence"
    op.add_column("imports", sa.Column("repeats", postgresql.JSONB(), nullable=True, comment=repeats))
    op.create_index("ix_imports_content", "imports", ["content_sha256", "record_type", "sequence"])


def _create_mails() -> None:
    when = "when an upload does not say"
    op.add_column(
        "users", sa.Column("notify", sa.String(10), server_default="never", nullable=False, comment=when)
    )
    notify = "who began it is still to be written to: problems or always; null: not"
    op.add_column("imports", sa.Column("notify", sa.String(10), nullable=True, comment=notify))
    told = "when a mail about this pause was noted"
    op.add_column("imports", sa.Column("pause_told_at", MOMENT, nullable=True, comment=told))
    op.create_index("ix_imports_notify", "imports", ["id"], postgresql_where=sa.text("notify IS NOT NULL"))
    handed_over = "just before the mail server gets it; from then on nobody else sends it"
    op.create_table(
        "mails",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("import_id", sa.String(12), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("occasion", sa.String(10), nullable=False),
        sa.Column("noted_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("due_at", MOMENT, server_default=NOW, nullable=False, comment="when it is tried next"),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("handed_over_at", MOMENT, nullable=True, comment=handed_over),
        *_owner("import_id", "imports"),
        *_owner("user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
    )
    for column in ("import_id", "user_id"):
        op.create_index(op.f(f"ix_mails_{column}"), "mails", [column])


def _owner(column: str, table: str) -> list[sa.ForeignKeyConstraint]:
    name = op.f(f"fk_mails_{column}_{table}")
    return [sa.ForeignKeyConstraint([column], [f"{table}.id"], name=name, ondelete="CASCADE")]


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
    op.drop_table("mails")
    op.drop_index("ix_imports_notify", "imports")
    for column in ("pause_told_at", "notify"):
        op.drop_column("imports", column)
    op.drop_column("users", "notify")
    op.drop_index("ix_imports_content", "imports")
    for column in ("repeats", "asks_about_repeat"):
        op.drop_column("imports", column)
    for column in ("expires_at", "scope"):
        op.drop_column("api_tokens", column)
    op.drop_table("one_time_links")
    op.add_column("users", sa.Column("login_link_hash", sa.String(length=64), nullable=True))
    op.add_column("users", sa.Column("login_link_expires_at", MOMENT, nullable=True))
    op.drop_column("users", "last_used_at")
