"""What people have answered about files, for the next file of the same layout."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from importer.models.base import Base
from importer.models.json_values import Json

MAX_LAYOUT_NAME = 100
"""Characters of a layout's name."""


class Layout(Base):
    """The answers of one person for one record type and one header; it may have a name.

    One with a name is found by that alone; one without, by its record type and header.
    """

    __tablename__ = "layouts"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str | None] = mapped_column(
        String(MAX_LAYOUT_NAME),
        comment="given by a person; null: the answers are remembered by the header alone",
    )
    record_type: Mapped[str] = mapped_column(String(100))
    header_digest: Mapped[str] = mapped_column(String(64), comment="SHA-256 of the names of its columns")
    header: Mapped[list[str] | None] = mapped_column(
        Json, comment="the names of its columns; null: it has no name"
    )
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), comment="who answered; null: at the command line"
    )
    answers: Mapped[dict[str, Any]] = mapped_column(Json, comment="by question")
    answered_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_layouts_header", "record_type", "header_digest"),
        Index("uq_layouts_name", text("lower(name)"), unique=True),
    )
