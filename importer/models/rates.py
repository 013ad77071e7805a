"""How an import went: its counters, now and then."""

from __future__ import annotations

from sqlalchemy import BigInteger, Double, Integer
from sqlalchemy.orm import Mapped, mapped_column

from importer.models.base import Base


class RatePoint(Base):
    """The counters of an import when it had run for so long."""

    __tablename__ = "rate_points"

    import_sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    mark: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, comment="seconds, a multiple of the distance of its points"
    )
    seconds: Mapped[float] = mapped_column(Double, comment="that it had run, without pauses and waiting")
    imported_rows: Mapped[int]
    failed_rows: Mapped[int]
