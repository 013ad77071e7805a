"""Failed rows keep all their faults and are counted by group; corrections, repairs and events are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"

NOW = sa.text("now()")


def _user(table: str, column: str, comment: str | None = None) -> list[sa.schema.SchemaItem]:
    name = op.f(f"fk_{table}_{column}_users")
    return [
        sa.Column(column, sa.Integer(), nullable=True, comment=comment),
        sa.ForeignKeyConstraint([column], ["users.id"], name=name, ondelete="SET NULL"),
    ]


def upgrade() -> None:
    """Apply."""
    faults = "every fault: field or null, code, sentence; null: the one of code, column_name and message"
    op.add_column("failed_rows", sa.Column("faults", postgresql.JSONB(), nullable=True, comment=faults))
    discarded = sa.Column(
        "discarded_at",
        sa.DateTime(timezone=True),
        nullable=True,
        comment="when a person said that it is not needed",
    )
    op.add_column("failed_rows", discarded)
    op.create_index(
        "ix_failed_rows_group", "failed_rows", ["import_sequence", "column_name", "code", "row_number"]
    )
    _create_corrections()
    _create_repairs()
    _create_events()


def _create_corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("import_sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("row_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "changes",
            sa.Text(),
            nullable=False,
            comment="for each changed cell: its place from 0, before, after; JSON in ASCII",
        ),
        *_user("corrections", "made_by", "null: at the command line, or somebody who is gone"),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column(
            "repair_id",
            sa.BigInteger(),
            nullable=True,
            comment="the rule or file that it comes from; null: by hand",
        ),
        sa.PrimaryKeyConstraint("import_sequence", "row_number", "attempt", name=op.f("pk_corrections")),
    )
    op.create_index(
        "ix_corrections_repair",
        "corrections",
        ["repair_id", "row_number"],
        postgresql_where=sa.text("repair_id IS NOT NULL"),
    )


def _create_repairs() -> None:
    op.create_table(
        "repairs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("import_sequence", sa.BigInteger(), nullable=False),
        sa.Column("chosen", postgresql.JSONB(), nullable=False, comment="which failed rows it is for"),
        sa.Column("rule", postgresql.JSONB(), nullable=False, comment="what it does with their cells"),
        *_user("repairs", "made_by"),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column(
            "after",
            sa.Integer(),
            nullable=True,
            comment="rows after this one are still to be looked at; null: it is carried out",
        ),
        sa.Column("until", sa.Integer(), nullable=False, comment="the last row that it is for"),
        sa.Column("changed_rows", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "unchanged_rows",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="chosen, but the rule changes nothing in them",
        ),
        sa.Column("failed_portions", sa.SmallInteger(), server_default="0", nullable=False, comment="in a row"),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repairs")),
    )
    op.create_index(op.f("ix_repairs_import_sequence"), "repairs", ["import_sequence"])
    op.create_index(
        "ix_repairs_unfinished", "repairs", ["import_sequence"], postgresql_where=sa.text("after IS NOT NULL")
    )


def _create_events() -> None:
    clock = sa.text("clock_timestamp()")
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("import_sequence", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=clock, nullable=False),
        *_user("events", "user_id", "null: nobody, or the command line"),
        sa.Column(
            "details",
            postgresql.JSONB(),
            server_default="{}",
            nullable=False,
            comment="what its sentence names",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_import", "events", ["import_sequence", "id"])


def downgrade() -> None:
    """Take back."""
    for table in ("events", "repairs", "corrections"):
        op.drop_table(table)
    op.drop_index("ix_failed_rows_group", "failed_rows")
    for column in ("discarded_at", "faults"):
        op.drop_column("failed_rows", column)
