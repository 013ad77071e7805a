"""Records whose keys are no texts, or several values, are listed in their order, searched, and found again."""

from __future__ import annotations

import enum
import uuid
from datetime import date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import (
    CHAR,
    BigInteger,
    DateTime,
    Enum,
    MetaData,
    Numeric,
    String,
    create_engine,
    make_url,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from importer.errors import NoRecordsError, RefusedKeyError
from importer.ledger import records
from importer.ledger.planning import TooSlowError
from importer.ledger.record_table import RecordTable
from importer.ledger.records import RecordsOf, Wanted
from importer.models import Base, ImportedRecord
from importer.record_types import RecordType, RowSchema


class OwnBase(DeclarativeBase):
    """Tables of their own."""


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Reading(ImportedRecord, OwnBase):
    """A composite key of a text, a day and a number."""

    __tablename__ = "Meter Readings"

    meter: Mapped[str] = mapped_column(String(20), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    amount: Mapped[Decimal | None]


class ReadingRow(RowSchema):
    meter: str
    day: date
    number: int
    amount: Decimal | None = None


class Readings(RecordType):
    name = "readings"
    label = "Readings"
    model = Reading
    key = ("meter", "day", "number")
    schema = ReadingRow


def single(name, type_):
    """A record type whose key is one column of this type."""

    class Base(DeclarativeBase):
        pass

    fields = {"__tablename__": f"of_{name}", "code": mapped_column(type_, primary_key=True)}
    model = type(f"Of{name}", (ImportedRecord, Base), fields)
    schema = type(f"Row{name}", (RowSchema,), {"__annotations__": {"code": str}})
    kept = {"name": f"of_{name}", "label": name, "model": model, "key": ("code",), "schema": schema}
    return type(f"Type{name}", (RecordType,), kept)()


KINDS = {
    "numbers": (Numeric(20, 4), ["-1.5000", "2.0000", "10.0000"], "abc"),
    "moments": (DateTime(timezone=True), ["2024-01-31 10:00:00+00", "2024-02-01 00:00:00.5+00"], "yesterday noon"),
    "colours": (Enum(Colour, values_callable=lambda kind: [one.value for one in kind]), ["red", "blue"], "green"),
    "fixed": (CHAR(5), ["ab", "abc"], None),
    "texts": (String(), ["a-b", "ab", "Ab", "ä", "z", "\U0010ffff"], None),
    "posix": (String(collation="POSIX"), ["a-b", "ab", "Ab", "ä", "z"], None),
}


@pytest.fixture
def connection(database_url):
    engine = create_engine(make_url(database_url).set(drivername="postgresql+psycopg2"))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def make(connection):
    """Makes the table of a record type, with a record for each key, written by the row of its place."""

    def make(record_type, keys):
        table = RecordTable(record_type)
        table.source.metadata.create_all(connection)
        names = ", ".join(f'"{name}"' for name in table.key)
        for number, key in enumerate(keys, 1):
            values = ", ".join(f":key_{place}" for place in range(len(key)))
            connection.execute(
                text(
                    f"INSERT INTO {table.name} ({names}, imported_by, imported_row, changed_by, changed_row) "  # noqa: S608
                    f"VALUES ({values}, 7, {number}, 7, {number})"
                ),
                {f"key_{place}": one for place, one in enumerate(key)},
            )
        return RecordsOf(connection, table, 300)

    return make


@pytest.fixture(params=["by an index", "looked through"])
def way(request, monkeypatch):
    """Each of the two ways in which records are found."""
    if request.param == "looked through":

        def give_up(*_):
            raise TooSlowError

        monkeypatch.setattr(RecordsOf, "_gathered", give_up)
        monkeypatch.setattr(RecordsOf, "_by_index", give_up)
        monkeypatch.setattr(records, "FIRST_PORTION", 3)


def every(reading, wanted, limit=2):
    """All of them, page by page."""
    found, after = [], None
    while True:
        portion = reading.in_order_of_keys(wanted, are_few=True, after=after, limit=limit)
        found += [one.key for one in portion.records]
        after = portion.next
        if after is None:
            return found


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", KINDS)
def test_a_key_of_any_type_is_read_back_as_it_is_written(name, make, connection):
    type_, keys, wrong = KINDS[name]
    reading = make(single(name, type_), [(key,) for key in keys])
    found = every(reading, Wanted(7))
    in_order = connection.execute(text(f"SELECT code FROM of_{name} ORDER BY code")).all()  # noqa: S608
    assert len(found) == len(in_order) == len(keys)
    for number, key in enumerate(keys, 1):
        record = reading.with_key((key,))
        assert (record.key in found, record.written.row_number) == (True, number)
        assert [one.key for one in reading.of_row(7, number, after=None, limit=5).records] == [record.key]
        assert record.key in every(reading, Wanted(7, record.key))
    if wrong is not None:
        with pytest.raises(RefusedKeyError, match=wrong):
            reading.with_key((wrong,))


READINGS = [(f"m{m}", date(2024, 1, d), n) for m in range(3) for d in (1, 2) for n in (5, 10)]


@pytest.mark.usefixtures("way")
def test_a_key_of_several_fields_is_listed_and_searched_field_by_field(make):
    reading = make(Readings(), READINGS)
    told = [(meter, day.isoformat(), str(number)) for meter, day, number in READINGS]
    assert every(reading, Wanted(7)) == told
    assert every(reading, Wanted(7, ("m1",))) == [key for key in told if key[0] == "m1"]
    assert every(reading, Wanted(7, ("m", "2024-01-02"))) == [key for key in told if key[1] == "2024-01-02"]
    assert every(reading, Wanted(7, ("", "", "10"))) == [key for key in told if key[2] == "10"]
    assert (
        reading.with_key(("m2", "2024-01-02", "5")).written.row_number
        == READINGS.index(("m2", date(2024, 1, 2), 5)) + 1
    )


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("answer", ["true", "false", "NULL"])
def test_the_beginning_of_a_key_is_found_whatever_is_known_of_the_order_of_texts(answer, make, monkeypatch):
    monkeypatch.setattr(records, "SORTS_BY_NUMBERS", text(f"SELECT {answer}::boolean"))
    keys = ["a", "ab", "ab1", "abc", "abd", "ac", "b", "zab"]
    reading = make(single(f"order_{answer}", String()), [(key,) for key in keys])
    assert every(reading, Wanted(7, ("ab",))) == [("ab",), ("ab1",), ("abc",), ("abd",)]


@pytest.mark.parametrize(("sorts_by_numbers", "is_complete"), [("true", True), ("false", False)])
def test_a_search_ends_behind_the_last_key_that_can_begin_so_where_that_is_known(
    sorts_by_numbers, is_complete, make, monkeypatch
):
    monkeypatch.setattr(records, "SORTS_BY_NUMBERS", text(f"SELECT {sorts_by_numbers}"))
    monkeypatch.setattr(records, "FIRST_PORTION", 1)
    monkeypatch.setattr(records, "ENOUGH", 2)
    keys = ["a1", "a2", "a3", "a4", *(f"z{n:02}" for n in range(20))]
    reading = make(single(f"end_{sorts_by_numbers}", String()), [(key,) for key in keys])
    portion = reading.in_order_of_keys(Wanted(7, ("a",)), are_few=False, after=None, limit=50)
    assert [one.key[0] for one in portion.records] == keys[:4]
    assert (portion.next is None) == is_complete


def test_the_order_of_the_files_rows_goes_on_within_a_row_that_wrote_several_records(make, connection):
    reading = make(Readings(), READINGS)
    connection.execute(text('UPDATE "Meter Readings" SET imported_row = 3'))
    found, after = [], None
    while True:
        portion = reading.in_order_of_rows(7, last_row=9, after=after, limit=5)
        found += [one.key for one in portion.records]
        after = portion.next
        if after is None:
            break
    assert found == [(meter, day.isoformat(), str(number)) for meter, day, number in READINGS]


def rows_of(reading, row, limit=2):
    """The records of a row, page by page."""
    found, after = [], None
    while True:
        portion = reading.of_row(7, row, after=after, limit=limit)
        found += [one.key for one in portion.records]
        after = portion.next
        if after is None:
            return found


@pytest.mark.parametrize("wrote", [True, False])
def test_later_pages_of_a_row_are_of_the_same_list_and_by_the_index(wrote, make, connection, monkeypatch):
    """Half of the records were written by the row, the others changed by it and written by a later one."""
    reading = make(Readings(), READINGS)
    connection.execute(text('UPDATE "Meter Readings" SET imported_row = 3, changed_row = 3'))
    connection.execute(text("""UPDATE "Meter Readings" SET imported_row = 4 WHERE number = 10"""))
    if not wrote:
        connection.execute(text("""UPDATE "Meter Readings" SET imported_row = 5 WHERE number = 5"""))
    monkeypatch.delattr(RecordsOf, "_walked")
    told = [(meter, day.isoformat(), str(number)) for meter, day, number in READINGS]
    assert rows_of(reading, 3) == [key for key in told if not wrote or key[2] == "5"]


@pytest.mark.usefixtures("way")
def test_a_row_without_an_index_is_followed_to_its_last_record(make, connection):
    reading = make(Readings(), READINGS)
    connection.execute(text('UPDATE "Meter Readings" SET imported_row = 3, changed_row = 3'))
    assert len(rows_of(reading, 3)) == len(READINGS)


def test_the_settings_of_the_database_change_nothing(make, connection):
    connection.execute(text("SET datestyle = 'SQL, MDY'"))
    connection.execute(text("SET timezone = 'Asia/Kolkata'"))
    reading = make(
        single("settings", DateTime(timezone=True)), [(datetime.fromisoformat("2024-02-01T00:00:00Z"),)]
    )
    assert every(reading, Wanted(7)) == [("2024-02-01 00:00:00+00",)]
    assert reading.with_key(("2024-02-01 00:00:00+00",)) is not None


def test_a_table_that_lacks_a_column_is_told_apart_from_one_without_records(make, connection):
    reading = make(Readings(), READINGS)
    connection.execute(text('ALTER TABLE "Meter Readings" DROP amount'))
    with pytest.raises(NoRecordsError, match="amount does not exist"):
        every(reading, Wanted(7))


def test_a_record_type_that_saves_row_by_row_without_the_columns_says_so():
    class Deposits(RecordType):
        name = "deposits"
        label = "Deposits"
        schema = ReadingRow

        def save_row(self, session, values, origin, row_number):
            raise NotImplementedError

    with pytest.raises(NoRecordsError, match="“Deposits” are saved by code of its own"):
        RecordTable(Deposits())


def indexes(connection, table):
    found = connection.execute(
        text("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = :t"), {"t": table}
    )
    return {name: told.partition(" USING ")[2] for name, told in found if not name.startswith("pk_")}


def test_a_model_with_an_index_of_its_own_on_the_writer_gets_no_second_one(connection):
    class Owned(DeclarativeBase):
        metadata = MetaData(naming_convention=Base.metadata.naming_convention)

    class Account(ImportedRecord, Owned):
        __tablename__ = "accounts_indexed"
        code: Mapped[str] = mapped_column(primary_key=True)
        imported_by: Mapped[int] = mapped_column(BigInteger, index=True)

    class Owner(ImportedRecord, Owned):
        __tablename__ = "o" * 60
        code: Mapped[str] = mapped_column(primary_key=True)

    Owned.metadata.create_all(connection)
    assert indexes(connection, "accounts_indexed") == {"ix_accounts_indexed_imported_by": "btree (imported_by)"}
    assert len(indexes(connection, "o" * 60)) == 1


def test_a_long_key_is_whole_and_its_value_is_cut(make):
    long = "x" * 200_000
    reading = make(single("long", String()), [(str(uuid.UUID(int=n)),) for n in range(3)] + [(long,)])
    assert every(reading, Wanted(7))[-1] == (long,)
    (value,) = reading.with_key((long,)).values
    assert (len(value.text), value.length) == (300, 200_000)
