"""The ledger keeps ranges: a line for the rows that a batch ended instead of one for each row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

CARRY_OVER = """
INSERT INTO ledger (rows)
SELECT range_agg(int8range(import_sequence << 32 | first_row, import_sequence << 32 | last_row, '[]'))
FROM (
    SELECT import_sequence, min(row_number) AS first_row, max(row_number) AS last_row
    FROM (
        SELECT import_sequence, row_number,
            row_number - row_number() OVER (PARTITION BY import_sequence ORDER BY row_number) AS run
        FROM ledger_lines
    ) AS lines
    GROUP BY import_sequence, run
) AS runs
GROUP BY import_sequence, first_row / 10000
"""
"""Neighbouring rows become one range; of scattered rows some ranges share a line."""

UNFOLD_COMPLETED = """
INSERT INTO ledger (rows)
SELECT multirange(int8range(sequence << 32 | 1, sequence << 32 | total_rows, '[]')) - COALESCE((
    SELECT range_agg(part) FROM ledger, unnest(rows) AS part
    WHERE rows && int8range(sequence << 32, (sequence + 1) << 32)), '{}')
FROM imports WHERE folded_rows > 0 AND status = 'completed'
"""
"""Of a folded import only the number of its imported rows was left. A completed one has ended every row."""

UNFOLD_OTHERS = """
INSERT INTO ledger (rows)
SELECT multirange(int8range(highest + 1, highest + folded_rows, '[]'))
FROM imports CROSS JOIN LATERAL (
    SELECT COALESCE(max(upper(rows)) - 1, sequence << 32) AS highest
    FROM ledger WHERE rows && int8range(sequence << 32, (sequence + 1) << 32)
) AS known
WHERE folded_rows > 0 AND status <> 'completed'
"""
"""Of one that ended early it is not known which rows those were, and no row of it can be dispatched again: as many
numbers are taken after those that are known."""

EXPAND = """
INSERT INTO ledger_lines (import_sequence, row_number, outcome)
SELECT number >> 32, (number & 4294967295)::integer, CASE WHEN failed.row_number IS NULL THEN 1 ELSE 2 END
FROM ledger, unnest(rows) AS part, generate_series(lower(part), upper(part) - 1) AS number
LEFT JOIN failed_rows AS failed
    ON failed.import_sequence = number >> 32 AND failed.row_number = (number & 4294967295)::integer
"""


def upgrade() -> None:
    """Apply."""
    op.rename_table("ledger", "ledger_lines")
    op.execute("ALTER TABLE ledger_lines RENAME CONSTRAINT pk_ledger TO pk_ledger_lines")
    op.create_table(
        "ledger",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("rows", postgresql.INT8MULTIRANGE(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        postgresql.ExcludeConstraint(("rows", "&&"), name="ex_ledger_rows", using="gist"),
    )
    op.execute(CARRY_OVER)
    op.execute(UNFOLD_COMPLETED)
    op.execute(UNFOLD_OTHERS)
    op.drop_column("imports", "folded_rows")
    op.drop_table("ledger_lines")
    op.alter_column("failed_rows", "attempts", comment="how many have failed")


def downgrade() -> None:
    """Take back."""
    op.alter_column("failed_rows", "attempts", comment=None)
    op.create_table(
        "ledger_lines",
        sa.Column("import_sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("row_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
    )
    op.execute(EXPAND)
    comment = "imported rows whose lines have left the ledger"
    folded = sa.Column("folded_rows", sa.Integer(), server_default="0", nullable=False, comment=comment)
    op.add_column("imports", folded)
    op.drop_table("ledger")
    op.rename_table("ledger_lines", "ledger")
    op.create_primary_key(op.f("pk_ledger"), "ledger", ["import_sequence", "row_number"])
