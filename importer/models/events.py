"""The history of imports: what happened to them, when, and by whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from importer.models.base import Base
from importer.models.json_values import Json


class Event(Base):
    """One line of an import's history."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    import_sequence: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), comment="null: nobody, or the command line"
    )
    details: Mapped[dict[str, Any]] = mapped_column(Json, server_default="{}", comment="what its sentence names")

    __table_args__ = (Index("ix_events_import", "import_sequence", "id"),)
