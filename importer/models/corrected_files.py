"""Files of failed rows that came back corrected."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from importer.models.base import Base
from importer.models.imports import object_key
from importer.models.json_values import Json


def corrected_key(import_id: str, token: str) -> str:
    """The key in S3 of a corrected file, beside that of the import's own file."""
    return f"{corrected_prefix(import_id)}{token}"


def corrected_prefix(import_id: str) -> str:
    """What the keys of all corrected files of an import begin with."""
    return f"{object_key(import_id)}.corrected-"


class CorrectedFile(Base):
    """How far a corrected file has been taken in, and what was left alone; who sent it stands in its repair."""

    __tablename__ = "corrected_files"

    repair_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("repairs.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    import_sequence: Mapped[int] = mapped_column(BigInteger)
    token: Mapped[str] = mapped_column(String(12), comment="the end of its key in S3")
    etag: Mapped[str] = mapped_column(String(200))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    rows_read: Mapped[int] = mapped_column(Integer, server_default="0", comment="rows of the file that are done")
    left_alone: Mapped[dict[str, Any]] = mapped_column(
        Json, server_default="{}", comment="by reason: how many rows, and the first ones"
    )
    refusal: Mapped[str | None] = mapped_column(Text, comment="why it was not taken in to its end")
    tries: Mapped[int] = mapped_column(
        SmallInteger, server_default="0", comment="begun, since rows of it were last taken in"
    )
    is_stored: Mapped[bool] = mapped_column(
        server_default=text("true"), comment="whether S3 still has it; then something is left to do"
    )

    __table_args__ = (Index("ix_corrected_files_stored", "import_sequence", postgresql_where=text("is_stored")),)
