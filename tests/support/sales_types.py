"""A record type on a table in a schema of somebody else's, with a type that an extension has made elsewhere."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from importer.models import ImportedRecord
from importer.record_types import RecordType
from importer.record_types.base import RowSchema

PATH = "sales_types:Invoices"


class SalesBase(DeclarativeBase):
    """Their tables."""


class Vector(UserDefinedType[str]):
    """What pgvector brings."""

    cache_ok = True

    def get_col_spec(self, **options: object) -> str:
        return "vector"


class Customer(SalesBase):
    __tablename__ = "customers"
    __table_args__ = {"schema": "sales"}

    name: Mapped[str] = mapped_column(primary_key=True)


class Invoice(ImportedRecord, SalesBase):
    __tablename__ = "invoices"
    __table_args__ = {"schema": "sales"}

    number: Mapped[str] = mapped_column(primary_key=True)
    customer: Mapped[str | None] = mapped_column(ForeignKey("sales.customers.name"))
    place: Mapped[str | None] = mapped_column(Vector)


class InvoiceRow(RowSchema):
    number: str
    customer: str | None = None
    place: str | None = None


class Invoices(RecordType):
    name = "invoices"
    label = "Invoices"
    model = Invoice
    key = ("number",)
    schema = InvoiceRow
