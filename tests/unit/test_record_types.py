import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openings import asked, columns_of, opening_of
from pydantic import AliasChoices, Field, ValidationError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from importer.errors import SettingsError, UnknownRecordTypeError
from importer.files.names import normalised
from importer.ledger.failures import Attempt
from importer.models import ImportedRecord
from importer.record_types import RecordType, RecordTypes, RowSchema
from importer.record_types.airports import Airports
from importer.record_types.contacts import Contacts
from jobs.rows.outcomes import from_faults

ROOT = Path(__file__).parents[2]
AIRPORT = {"icao": "EDDF", "country": "DE", "lat": "50.03", "lon": "8.57", "elevation": "364"}
LOAD_EXAMPLE = """
from importer.models import ImportedRecord
from importer.record_types import RecordType, RecordTypes, RowSchema

accounts = RecordTypes(["billing.accounts:Accounts"])["accounts"]
print(*(column.name + "*" * column.required for column in accounts.fields))
"""
CONTACT = {"email": "Ann@Example.com", "name": "Ann", "signup_date": "2024-02-29", "balance": "12.50"}


def failure_of(record_type, cells):
    with pytest.raises(ValidationError) as error:
        record_type.validate(cells)
    return from_faults(Attempt(1, 2, [], None), [], error.value)


def test_an_airport_gets_typed_values_and_none_for_what_is_missing():
    values = Airports().validate(AIRPORT)
    assert values["lat"] == Decimal("50.03")
    assert values["iata"] is None


def test_a_contact_is_known_by_its_address_in_lower_case():
    assert Contacts().validate(CONTACT)["email"] == "ann@example.com"


@pytest.mark.parametrize(
    ("column", "cell", "part"),
    [
        ("country", "Germany", "a two-letter country code such as DE or GB"),
        ("country", "UK", "a two-letter country code such as DE or GB"),
        ("country", "XX", "a two-letter country code such as DE or GB"),
        ("lat", "91", "should be at most 90"),
        ("lon", "-180.5", "should be at least -180"),
        ("icao", "e d", "an ICAO code"),
        ("elevation", "high", "a number such as 1234.56"),
    ],
)
def test_a_wrong_airport_cell_is_named_with_what_it_should_be(column, cell, part):
    failure = failure_of(Airports(), AIRPORT | {column: cell})
    assert failure.column == column
    assert part in failure.message


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("email", "nobody"),
        ("signup_date", "2023-02-29"),
        ("signup_date", "0"),
        ("signup_date", "1600041600"),
        ("balance", "1.234"),
        ("name", "n" * 201),
    ],
)
def test_a_wrong_contact_cell_fails_its_column(column, cell):
    assert failure_of(Contacts(), CONTACT | {column: cell}).column == column


WRITTEN_NUMBERS = ["364", " 364 ", "+364.0", "-0.50", ".5", "5.", "3.64e2", "3.64E+02"]


@pytest.mark.parametrize("cell", WRITTEN_NUMBERS)
def test_a_number_is_read_as_people_and_spreadsheets_write_it(cell):
    assert Airports().validate(AIRPORT | {"elevation": cell})["elevation"] == Decimal(cell.strip())
    assert Contacts().validate(CONTACT | {"balance": cell})["balance"] == Decimal(cell.strip())


NO_NUMBERS = [
    "1_000",
    "١٢",
    "\uff11",
    "1e-999999",
    "1e999999",
    "0." + "1" * 20_000,
    "1,5",
    "0x1",
    "NaN",
    "Infinity",
    "1 2",
]


@pytest.mark.parametrize("cell", NO_NUMBERS, ids=lambda cell: cell[:10])
def test_what_only_python_takes_for_a_number_fails_its_column(cell):
    for column in ("elevation", "lat", "lon"):
        assert failure_of(Airports(), AIRPORT | {column: cell}).column == column
    assert failure_of(Contacts(), CONTACT | {"balance": cell}).column == "balance"


def test_the_reason_names_every_column_at_fault_and_no_cell():
    failure = failure_of(Airports(), {"country": "secret-1", "lat": "secret-2"})
    assert failure.code == "missing_value"
    assert "icao: a value is required" in failure.message
    assert "country: should be" in failure.message
    assert "secret" not in failure.message


def test_an_unknown_record_type_is_answered_with_those_there_are():
    with pytest.raises(UnknownRecordTypeError, match="airports, contacts"):
        RecordTypes()["customers"]


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("nowhere.to_be:Found", "cannot load"),
        ("importer.errors:ImporterError", "no subclass"),
        ("importer.record_types.contacts:Contacts", "another record type"),
        ("contacts", "package.module:Class"),
    ],
)
def test_a_wrong_entry_of_record_types_is_named_with_what_is_wrong(path, part):
    with pytest.raises(SettingsError, match=part):
        RecordTypes([path])


class Base(DeclarativeBase):
    """Tables of this module alone."""


class Item(ImportedRecord, Base):
    __tablename__ = "items"
    number: Mapped[str] = mapped_column(primary_key=True)


class Bare(Base):
    __tablename__ = "bare"
    number: Mapped[str] = mapped_column(primary_key=True)


class ItemRow(RowSchema):
    number: str


class PricedRow(ItemRow):
    price: int | None = None


class OptionalRow(RowSchema):
    number: str | None = None


class Items(RecordType):
    name, label, model, key, schema = "items", "Items", Item, ("number",), ItemRow


class WithoutLabel(RecordType):
    name, model, key, schema = "items", Item, ("number",), ItemRow


class WithBlankInName(Items):
    name = "my items"


class WithOptionalKey(Items):
    schema = OptionalRow


class WithoutProvenance(Items):
    model = Bare


class WithoutPrice(Items):
    schema = PricedRow


class SavesPriceItself(WithoutPrice):
    def save(self, connection, rows, origin):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("class_name", "part"),
    [
        ("WithoutLabel", "lacks label"),
        ("WithBlankInName", "not lower_case_letters"),
        ("WithOptionalKey", "'number' must be required"),
        ("WithoutProvenance", "lacks importer.models.ImportedRecord"),
        ("WithoutPrice", "table lacks the schema's price"),
    ],
)
def test_a_record_type_that_could_not_save_a_row_is_refused_at_the_start(class_name, part):
    with pytest.raises(SettingsError, match=part):
        RecordTypes([f"{__name__}:{class_name}"])


@pytest.mark.parametrize("class_name", ["Items", "SavesPriceItself"])
def test_a_record_type_may_save_as_it_likes(class_name):
    assert "items" in RecordTypes([f"{__name__}:{class_name}"])


def test_the_example_of_the_readme_can_be_loaded_as_it_stands(tmp_path):
    example = re.search(r"```python\n# billing/accounts.py\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert example is not None
    (tmp_path / "billing").mkdir()
    (tmp_path / "billing" / "accounts.py").write_text(example[1])
    # In a process of its own: its table would stay among those that other tests create.
    columns = subprocess.run(
        [sys.executable, "-c", LOAD_EXAMPLE],
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert columns.split() == ["number*", "owner*", "credit"]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        (" 2026-01-31 ", date(2026, 1, 31)),
        ("2026-01-31T00:00:00", date(2026, 1, 31)),
        ("2026-01-31T12:00:00", None),
        ("2026-13-01", None),
        ("20260131", None),
        ("0", None),
        ("\uff12026-01-31", None),
    ],
)
def test_a_date_is_year_month_and_day(cell, value):
    cells = {"email": "a@example.com", "name": "Ann", "signup_date": cell}
    if value is not None:
        assert Contacts().validate(cells)["signup_date"] == value
        return
    with pytest.raises(ValidationError) as caught:
        Contacts().validate(cells)
    assert [problem["loc"] for problem in caught.value.errors()] == [("signup_date",)]


class CustomerRow(RowSchema):
    """A file names its columns as people do, the table as its authors do."""

    number: str = Field(alias="Customer No.", min_length=3)
    town: str | None = Field(default=None, validation_alias=AliasChoices("City", "Ort"))


class Customers(RecordType):
    name = "customers"
    schema = CustomerRow


@pytest.mark.parametrize("header", ["Customer No.,City", "customer no.,ORT", "number,town"])
def test_a_file_may_name_a_column_by_its_fields_alias(header):
    customers = Customers()
    data = f"{header}\nX12,Rome\n".encode()
    assert columns_of(opening_of(data, customers.fields)) == ["number", "town"]
    assert customers.validate({"number": "X12", "town": "Rome"}) == {"number": "X12", "town": "Rome"}


def test_a_column_that_comes_by_its_name_and_by_its_alias_is_asked_about():
    assert asked(opening_of(b"City,number,Ort\nRome,X12,Roma\n", Customers().fields)) == ["field-town"]


@pytest.mark.parametrize("cells", [{"number": "X"}, {}])
def test_a_fault_in_a_column_with_an_alias_is_named_by_the_field(cells):
    assert failure_of(Customers(), cells).column == "number"


class CustomersOfOurs(Customers):
    def validate(self, cells):
        return super().validate(cells) | {"town": "Rome"}


def test_what_a_record_types_own_check_fills_in_is_saved_though_the_file_lacks_it():
    assert Customers().fields_written(["number", None]) == ("number",)
    assert CustomersOfOurs().fields_written(["number", None]) == ("number", "town")


@pytest.mark.parametrize("text", ["1.000", "2.500", "250.000", "1.5.0", "1,50", "1'000.00", "12.300000000000001"])
def test_an_amount_that_may_mean_another_one_is_refused(text):
    with pytest.raises(ValidationError, match="should be an amount such as"):
        Contacts().validate({"email": "a@example.com", "name": "Ann", "balance": text})


@pytest.mark.parametrize("text", ["4.91512E+12", "#REF!", "ACME", "N/A", "call Bob", "-", "\u2011"])
def test_what_is_no_telephone_number_is_refused(text):
    with pytest.raises(ValidationError, match="should be a telephone number"):
        Contacts().validate({"email": "a@example.com", "name": "Ann", "phone": text})


@pytest.mark.parametrize(
    "text", ["+49 (0)30 / 123-45.67", "0301", "(030) 12 x 34", "030 12 ext. 7", "\u0660\u0661"]
)
def test_telephone_numbers_are_taken_as_they_are_written(text):
    assert Contacts().validate({"email": "a@example.com", "name": "Ann", "phone": text})["phone"] == text


@pytest.mark.parametrize("text", ["0024-03-05", "0202-03-05", "9999-12-31", "1899-12-31"])
def test_nobody_signed_up_in_such_a_year(text):
    with pytest.raises(ValidationError, match="in the years 1900 to 2199"):
        Contacts().validate({"email": "a@example.com", "name": "Ann", "signup_date": text})


def header_of(record_type, *names):
    content = ";".join(names) + "\n" + ";".join("x" * len(names)) + "\n"
    return columns_of(opening_of(content.encode(), record_type.fields))


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (["E-Mail-Adresse", "Vor- und Nachname", "Firma", "Telefon"], ["email", "name", "company", "phone"]),
        (
            ["Adresse e-mail", "Nom", "Société", "Téléphone", "Solde"],
            ["email", "name", "company", "phone", "balance"],
        ),
        (["CORREO_ELECTRONICO", "Nombre completo", "Notas"], ["email", "name", None]),
        (["氏名", "メールアドレス"], ["name", "email"]),
    ],
)
def test_columns_are_known_by_what_they_are_called_in_several_languages(names, columns):
    assert header_of(Contacts(), *names) == columns


def test_a_columns_own_name_comes_before_what_it_is_also_called():
    assert header_of(Contacts(), "email", "Full name", "name", "Telefon", "phone") == [
        "email",
        None,
        "name",
        None,
        "phone",
    ]


def test_of_two_columns_that_are_called_like_one_field_nobody_chooses_but_a_person():
    opening = opening_of(b"email,Full name,Contact name\na@b.de,Ann,Bob\n", Contacts().fields)
    assert asked(opening) == ["field-name"]


@pytest.mark.parametrize("record_type", [Contacts(), Airports()])
def test_no_name_means_two_fields(record_type):
    meant: dict[str, set[str]] = {}
    for column in record_type.fields:
        for name in (column.name, *column.aliases, *column.hints):
            meant.setdefault(normalised(name), set()).add(column.name)
    assert [fields for fields in meant.values() if len(fields) > 1] == []
    assert set(record_type.also_called) <= set(record_type.schema.model_fields)
