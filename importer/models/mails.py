"""Mails about imports that are still to be sent."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Identity, SmallInteger, String, func
from sqlalchemy.orm import Mapped, mapped_column

from importer.models.base import Base


class Occasion(StrEnum):
    """What a mail is about."""

    ENDED = "ended"
    PAUSED = "paused"
    WAITING = "waiting"


class Mail(Base):
    """One mail that is to be sent; it is deleted once it was."""

    __tablename__ = "mails"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    import_id: Mapped[str] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    occasion: Mapped[Occasion] = mapped_column(String(10))
    noted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    due_at: Mapped[datetime] = mapped_column(server_default=func.now(), comment="when it is tried next")
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    handed_over_at: Mapped[datetime | None] = mapped_column(
        comment="just before the mail server gets it; from then on nobody else sends it"
    )
