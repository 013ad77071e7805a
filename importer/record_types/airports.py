"""Airports, identified by their ICAO code."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints
from sqlalchemy import Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from importer.models import Base, ImportedRecord
from importer.record_types.base import RecordType, RowSchema
from importer.record_types.checks import IS_PLAIN_DECIMAL, Country, matches
from importer.record_types.fields import CellKind

IS_CODE = CellKind("code")


class Airport(ImportedRecord, Base):
    """A place where aircraft take off and land."""

    __tablename__ = "airports"

    icao: Mapped[str] = mapped_column(String(10), primary_key=True)
    iata: Mapped[str | None] = mapped_column(String(3))
    name: Mapped[str | None] = mapped_column(String(200))
    city: Mapped[str | None] = mapped_column(String(100))
    subd: Mapped[str | None] = mapped_column(String(100))
    country: Mapped[str | None] = mapped_column(String(2))
    elevation: Mapped[Decimal | None] = mapped_column(Numeric(7, 1), comment="feet")
    lat: Mapped[Decimal | None] = mapped_column(Numeric(9, 6), comment="degrees")
    lon: Mapped[Decimal | None] = mapped_column(Numeric(9, 6), comment="degrees")
    tz: Mapped[str | None] = mapped_column(String(64))
    lid: Mapped[str | None] = mapped_column(String(10))


class AirportRow(RowSchema):
    """One row of an airports file."""

    icao: Annotated[str, matches(r"[A-Z0-9_-]{2,10}", "an ICAO code such as EDDF, in capitals"), IS_CODE]
    iata: Annotated[str, matches(r"[A-Z0-9]{3}", "three capital letters such as FRA"), IS_CODE] | None = None
    name: Annotated[str, StringConstraints(max_length=200)] | None = None
    city: Annotated[str, StringConstraints(max_length=100)] | None = None
    subd: Annotated[str, StringConstraints(max_length=100)] | None = None
    country: Country | None = None
    elevation: Annotated[Decimal, Field(ge=-2000, le=40000, decimal_places=1), IS_PLAIN_DECIMAL] | None = None
    lat: Annotated[Decimal, Field(ge=-90, le=90, decimal_places=6), IS_PLAIN_DECIMAL] | None = None
    lon: Annotated[Decimal, Field(ge=-180, le=180, decimal_places=6), IS_PLAIN_DECIMAL] | None = None
    tz: Annotated[str, StringConstraints(max_length=64)] | None = None
    lid: Annotated[str, StringConstraints(max_length=10)] | None = None


class Airports(RecordType):
    """Creates or updates airports by ICAO code."""

    name = "airports"
    label = "Airports"
    model = Airport
    key = ("icao",)
    schema = AirportRow
    also_called = {
        "icao": ("icao code", "ident"),
        "iata": ("iata code",),
        "name": ("airport", "airport name", "Flughafen", "aéroport", "aeropuerto", "aeroporto"),
        "city": ("municipality", "town", "Stadt", "Ort", "ville", "ciudad", "città", "cidade"),
        "subd": ("subdivision", "region", "state", "Bundesland", "région", "provincia"),
        "country": ("country code", "iso country", "Land", "Ländercode", "pays", "país", "paese"),
        "elevation": ("elevation ft", "elevation in feet"),
        "lat": ("latitude", "latitude deg", "Breite", "Breitengrad", "latitud", "latitudine"),
        "lon": ("lng", "longitude", "longitude deg", "Länge", "Längengrad", "longitud", "longitudine"),
        "tz": ("timezone", "time zone", "Zeitzone", "fuseau horaire", "zona horaria"),
        "lid": ("local code", "faa code"),
    }
