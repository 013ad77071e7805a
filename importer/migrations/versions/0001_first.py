"""Users, imports with their ledger and failed rows, and the two record types that come with the product."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = ("importer",)


def upgrade() -> None:
    """Apply."""
    create_airports()
    create_contacts()
    create_failed_rows()
    create_ledger()
    create_users()
    create_api_tokens()
    create_imports()


def downgrade() -> None:
    """Take back."""
    for table in ("imports", "api_tokens", "users", "ledger", "failed_rows", "contacts", "airports"):
        op.drop_table(table)


def _imported_record_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column(
            "imported_by",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="imports.sequence of the last writer",
        ),
        sa.Column(
            "imported_row",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="row number of the last writer",
        ),
        sa.Column(
            "changed_by",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="imports.sequence of the last change",
        ),
        sa.Column(
            "changed_row",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="row number of the last change",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    ]


def create_airports() -> None:
    op.create_table(
        "airports",
        sa.Column("icao", sa.String(length=10), nullable=False),
        sa.Column("iata", sa.String(length=3), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("city", sa.String(length=100), nullable=True),
        sa.Column("subd", sa.String(length=100), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("elevation", sa.Numeric(precision=7, scale=1), nullable=True, comment="feet"),
        sa.Column("lat", sa.Numeric(precision=9, scale=6), nullable=True, comment="degrees"),
        sa.Column("lon", sa.Numeric(precision=9, scale=6), nullable=True, comment="degrees"),
        sa.Column("tz", sa.String(length=64), nullable=True),
        sa.Column("lid", sa.String(length=10), nullable=True),
        *_imported_record_columns(),
        sa.PrimaryKeyConstraint("icao", name=op.f("pk_airports")),
    )


def create_contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("email", sa.String(length=254), nullable=False, comment="in lower case"),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("company", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=50), nullable=True),
        sa.Column("signup_date", sa.Date(), nullable=True),
        sa.Column("balance", sa.Numeric(precision=14, scale=2), nullable=True),
        *_imported_record_columns(),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_contacts")),
    )


def create_failed_rows() -> None:
    op.create_table(
        "failed_rows",
        sa.Column("import_sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("row_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "line_number", sa.Integer(), nullable=False, comment="physical line of the file, the header's is 1"
        ),
        sa.Column("code", sa.String(length=100), nullable=False),
        sa.Column("column_name", sa.String(length=255), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column(
            "problem", postgresql.JSONB(), nullable=True, comment="what reading found wrong; retried as it is"
        ),
        sa.Column("attempts", sa.Integer(), server_default="1", nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retry_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("import_sequence", "row_number", name=op.f("pk_failed_rows")),
    )
    op.create_index(
        "ix_failed_rows_retry",
        "failed_rows",
        ["import_sequence", "row_number"],
        unique=False,
        postgresql_where=sa.text("retry_requested_at IS NOT NULL"),
    )


def create_ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("import_sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("row_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("import_sequence", "row_number", name=op.f("pk_ledger")),
    )


def create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("session_version", sa.Integer(), nullable=False, comment="raised to end every session"),
        sa.Column("login_link_hash", sa.String(length=64), nullable=True),
        sa.Column("login_link_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index("uq_users_email", "users", [sa.literal_column("lower(email)")], unique=True)


def create_api_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_api_tokens_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_index(op.f("ix_api_tokens_user_id"), "api_tokens", ["user_id"], unique=False)


def _import_counters() -> list[sa.Column[Any]]:
    return [
        sa.Column("total_rows", sa.Integer(), nullable=True, comment="known once the file was read to its end"),
        sa.Column("dispatched_rows", sa.Integer(), nullable=False),
        sa.Column("created_rows", sa.Integer(), nullable=False),
        sa.Column("updated_rows", sa.Integer(), nullable=False),
        sa.Column("unchanged_rows", sa.Integer(), nullable=False),
        sa.Column("superseded_rows", sa.Integer(), nullable=False),
        sa.Column("failed_rows", sa.Integer(), nullable=False),
        sa.Column("allowed_failed_rows", sa.Integer(), nullable=False),
        sa.Column("failed_slices", sa.SmallInteger(), nullable=False, comment="in a row, by unexpected errors"),
    ]


def _import_times() -> list[sa.Column[Any]]:
    return [
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "upload_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="last bytes of the upload",
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "cleaned_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when Redis and S3 held nothing more of it",
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
    ]


def create_imports() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("record_type", sa.String(length=100), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("idempotency_key", sa.String(length=100), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("reason_code", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("etag", sa.String(length=200), nullable=True),
        sa.Column("header", postgresql.JSONB(), nullable=True, comment="the header's cells as written"),
        sa.Column("columns", postgresql.JSONB(), nullable=True, comment="the record's column per cell, or null"),
        sa.Column("rows_line", sa.Integer(), nullable=False, comment="physical lines before the first row"),
        sa.Column("rows_offset", sa.BigInteger(), nullable=False, comment="bytes before the first row"),
        *_import_counters(),
        *_import_times(),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_imports_created_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sa.UniqueConstraint("sequence", name=op.f("uq_imports_sequence")),
    )
    op.create_index("ix_imports_created_by", "imports", ["created_by", "sequence"], unique=False)
    op.create_index(
        "ix_imports_unclean",
        "imports",
        ["id"],
        unique=False,
        postgresql_where=sa.text("cleaned_at IS NULL OR deleted_at IS NOT NULL"),
    )
    op.create_index("uq_imports_idempotency_key", "imports", ["created_by", "idempotency_key"], unique=True)
