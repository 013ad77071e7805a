"""What was changed in failed rows, by whom, and the rules that change many of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, SmallInteger, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from importer.models.base import Base
from importer.models.json_values import Cells, Json


class Correction(Base):
    """New cells of a failed row, and the attempt that tries them; kept when the row is imported."""

    __tablename__ = "corrections"

    import_sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    row_number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    attempt: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    changes: Mapped[list[Any]] = mapped_column(
        Cells, comment="for each changed cell: its place from 0, before, after; JSON in ASCII"
    )
    made_by: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), comment="null: at the command line, or somebody who is gone"
    )
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    repair_id: Mapped[int | None] = mapped_column(
        BigInteger, comment="the rule or file that it comes from; null: by hand"
    )

    __table_args__ = (
        Index(
            "ix_corrections_repair",
            "repair_id",
            "row_number",
            postgresql_where=text("repair_id IS NOT NULL"),
        ),
        Index(
            "ix_corrections_by_hand",
            "import_sequence",
            "made_at",
            "row_number",
            postgresql_where=text("repair_id IS NULL"),
        ),
    )


class Repair(Base):
    """A rule for many failed rows of an import, carried out in portions."""

    __tablename__ = "repairs"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    import_sequence: Mapped[int] = mapped_column(BigInteger, index=True)
    chosen: Mapped[dict[str, Any]] = mapped_column(Json, comment="which failed rows it is for")
    rule: Mapped[dict[str, Any]] = mapped_column(Json, comment="what it does with their cells")
    made_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    after: Mapped[int | None] = mapped_column(
        Integer, comment="rows after this one are still to be looked at; null: it is carried out"
    )
    until: Mapped[int] = mapped_column(Integer, comment="the last row that it is for")
    changed_rows: Mapped[int] = mapped_column(Integer, server_default="0")
    unchanged_rows: Mapped[int] = mapped_column(
        Integer, server_default="0", comment="chosen, but the rule changes nothing in them"
    )
    failed_portions: Mapped[int] = mapped_column(SmallInteger, server_default="0", comment="in a row")
    finished_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text, comment="why it ended before it was carried out")

    __table_args__ = (
        Index("ix_repairs_unfinished", "import_sequence", postgresql_where=text("after IS NOT NULL")),
    )
