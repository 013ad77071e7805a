"""The latest corrections by hand are found without a look at those of rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

NAME = "ix_corrections_by_hand"


def upgrade() -> None:
    """Apply."""
    of_nobodys_rule = sa.text("repair_id IS NULL")
    columns = ["import_sequence", "made_at", "row_number"]
    op.create_index(NAME, "corrections", columns, postgresql_where=of_nobodys_rule)


def downgrade() -> None:
    """Take back."""
    op.drop_index(NAME, "corrections")
