"""Contacts, identified by their e-mail address."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints
from sqlalchemy import Date, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from importer.models import Base, ImportedRecord
from importer.record_types.base import RecordType, RowSchema
from importer.record_types.checks import IS_AMOUNT, IS_RECENT_DATE, IS_TELEPHONE_NUMBER, Email
from importer.record_types.fields import CellKind, Years


class Contact(ImportedRecord, Base):
    """A person to write or call."""

    __tablename__ = "contacts"

    email: Mapped[str] = mapped_column(String(254), primary_key=True, comment="in lower case")
    name: Mapped[str] = mapped_column(String(200))
    company: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(50))
    signup_date: Mapped[date | None] = mapped_column(Date)
    balance: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))


class ContactRow(RowSchema):
    """One row of a contacts file."""

    email: Email
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    company: Annotated[str, StringConstraints(max_length=200)] | None = None
    phone: Annotated[str, StringConstraints(max_length=50), IS_TELEPHONE_NUMBER, CellKind("phone")] | None = None
    signup_date: Annotated[date, IS_RECENT_DATE, Years(1900, 2199)] | None = None
    balance: Annotated[Decimal, Field(max_digits=14, decimal_places=2), IS_AMOUNT] | None = None


class Contacts(RecordType):
    """Creates or updates contacts by e-mail address, whatever its case."""

    name = "contacts"
    label = "Contacts"
    model = Contact
    key = ("email",)
    schema = ContactRow
    also_called = {
        "email": (
            "email address",
            "mail",
            "mail address",
            "E-Mail-Adresse",
            "Mailadresse",
            "courriel",
            "adresse e-mail",
            "adresse mail",
            "correo",
            "correo electrónico",
            "indirizzo e-mail",
            "posta elettronica",
            "e-mailadres",
            "adres e-mail",
            "e-post",
            "e-postadress",
            "メールアドレス",
            "电子邮件",
        ),
        "name": (
            "full name",
            "contact name",
            "customer name",
            "vollständiger Name",
            "Vor- und Nachname",
            "Kontaktname",
            "Ansprechpartner",
            "nom",
            "nom complet",
            "nombre",
            "nombre completo",
            "nome",
            "nome completo",
            "naam",
            "volledige naam",
            "imię i nazwisko",
            "namn",
            "氏名",
            "姓名",
        ),
        "company": (
            "company name",
            "organisation",
            "organization",
            "Firma",
            "Firmenname",
            "Unternehmen",
            "entreprise",
            "société",
            "raison sociale",
            "empresa",
            "azienda",
            "bedrijf",
            "bedrijfsnaam",
            "företag",
            "会社名",
            "公司",
        ),
        "phone": (
            "phone number",
            "telephone",
            "telephone number",
            "tel",
            "Telefon",
            "Telefonnummer",
            "téléphone",
            "numéro de téléphone",
            "teléfono",
            "telefono",
            "telefoon",
            "telefoonnummer",
            "電話番号",
            "电话",
        ),
        "signup_date": (
            "signed up",
            "registered",
            "registration date",
            "Anmeldedatum",
            "angemeldet am",
            "registriert am",
            "date d'inscription",
            "fecha de registro",
            "data di registrazione",
            "inschrijfdatum",
            "data rejestracji",
        ),
        "balance": ("account balance", "Saldo", "Kontostand", "Guthaben", "solde"),
    }
