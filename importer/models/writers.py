"""Who had written the records that rows met."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Identity, Index, Integer
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from importer.models.base import Base


class WriterNote(Base):
    """Rows of one batch that met a record which was there, and who had written it (`importer.ledger.writers`).

    Writers are positions, `import sequence << 32 | row number`; 0 is no import. A line holds rows that wrote over
    them, or rows that came too late to; so the least and the largest position of a line tell lines apart.
    """

    __tablename__ = "writer_notes"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    import_sequence: Mapped[int] = mapped_column(BigInteger)
    first_row: Mapped[int] = mapped_column(Integer, comment="the lowest of row_numbers")
    last_row: Mapped[int] = mapped_column(Integer, comment="the highest")
    first_writer: Mapped[int] = mapped_column(BigInteger, comment="the lowest of writers")
    last_writer: Mapped[int] = mapped_column(BigInteger, comment="the highest")
    row_numbers: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    writers: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), comment="in the order of row_numbers")
    changed: Mapped[list[bool]] = mapped_column(
        ARRAY(Boolean), comment="whether the row changed a value, in the order of row_numbers"
    )

    __table_args__ = (Index("ix_writer_notes_rows", "import_sequence", "first_row"),)
