"""The declarative base, and what every imported record carries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Index, Integer, MetaData, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import conv


class Base(DeclarativeBase):
    """All tables of the product; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: dict[Any, Any] = {datetime: DateTime(timezone=True)}


class ImportedRecord:
    """Columns of every record: which import and row wrote it last, and which one last changed a value.

    They order the writers of a record (docs/design.md, rule 12): a row takes effect only when it comes after the
    one that wrote the record last, by import and then by row. Records made by other means count as oldest.

    The table gets an index that finds the records of an import and of a row, unless the model has one of its own
    that begins with `imported_by`. It is a BRIN, which keeps the least and the largest values of each stretch of
    the table: a B-tree would slow every import (docs/performance.md).
    """

    imported_by: Mapped[int] = mapped_column(
        BigInteger, server_default="0", comment="imports.sequence of the last writer"
    )
    imported_row: Mapped[int] = mapped_column(Integer, server_default="0", comment="row number of the last writer")
    changed_by: Mapped[int] = mapped_column(
        BigInteger, server_default="0", comment="imports.sequence of the last change"
    )
    changed_row: Mapped[int] = mapped_column(Integer, server_default="0", comment="row number of the last change")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        table = cls.__dict__.get("__table__")
        if table is not None and not any(_begins_with_writer(index) for index in table.indexes):
            Index(conv(f"ix_{table.name}_writers"), table.c.imported_by, table.c.imported_row, **WRITERS_INDEX)


def _begins_with_writer(index: Index) -> bool:
    """Whether an index of a model's own finds the records of an import."""
    first = next(iter(index.expressions), None)
    return getattr(first, "name", None) == "imported_by" and index.dialect_options["postgresql"]["where"] is None


WRITERS_INDEX: dict[str, Any] = {
    "postgresql_using": "brin",
    "postgresql_with": {"pages_per_range": 512, "autosummarize": True},
}
"""Some 20,000 records to a stretch. Autovacuum takes 256 stretches a minute to sum up, and Postgres logs each one
beyond: with stretches of the default size a fast import makes more."""
