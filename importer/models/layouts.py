"""What people have answered about files, for the next file of the same layout."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from importer.models.base import Base
from importer.models.json_values import Json


class Layout(Base):
    """The answers of one person for one record type and one header."""

    __tablename__ = "layouts"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    record_type: Mapped[str] = mapped_column(String(100))
    header_digest: Mapped[str] = mapped_column(String(64), comment="SHA-256 of the names of its columns")
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), comment="who answered; null: at the command line"
    )
    answers: Mapped[dict[str, Any]] = mapped_column(Json, comment="by question")
    answered_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_layouts_header", "record_type", "header_digest"),)
