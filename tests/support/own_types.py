"""Record types as users write them, outside the package; loaded through the setting RECORD_TYPES."""

import os
import re
import resource
import signal
from time import sleep as wait
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
from sqlalchemy import (
    ARRAY,
    DDL,
    CheckConstraint,
    ForeignKey,
    Identity,
    Integer,
    String,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from importer.errors import RowError
from importer.models import ImportedRecord
from importer.record_types import Effect, RecordType
from importer.record_types.base import RowSchema

PATHS = "own_types:Parts,own_types:Orders,own_types:Deposits"


class OwnBase(DeclarativeBase):
    """Tables of their own, apart from the product's."""


class Part(ImportedRecord, OwnBase):
    """A table whose constraints say no in every way Postgres has."""

    __tablename__ = "parts"

    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    serial: Mapped[int | None] = mapped_column(Integer, unique=True)
    slot: Mapped[int | None]
    price: Mapped[int | None]

    __table_args__ = (
        CheckConstraint("price >= 0", name="price_is_not_negative"),
        UniqueConstraint("slot", name="one_part_per_slot", deferrable=True, initially="DEFERRED"),
    )


event.listen(
    Part.__table__,
    "after_create",
    DDL("""
        CREATE FUNCTION refuse_cursed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.code = 'cursed' THEN RAISE EXCEPTION 'this part is cursed'; END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER refuse_cursed BEFORE INSERT OR UPDATE ON parts
            FOR EACH ROW EXECUTE FUNCTION refuse_cursed();
    """),
)


class PartRow(RowSchema):
    code: str
    serial: int | None = None
    slot: int | None = None
    price: int | None = None


class Parts(RecordType):
    name = "parts"
    label = "Parts"
    model = Part
    key = ("code",)
    schema = PartRow


class Order(ImportedRecord, OwnBase):
    """A table with an array, a column that fills itself, and a reference to another table."""

    __tablename__ = "orders"

    number: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str | None] = mapped_column(ForeignKey("parts.code"))
    tags: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    short: Mapped[list[str] | None] = mapped_column(ARRAY(String(3)))
    state: Mapped[str] = mapped_column(server_default="open")


is_quick = re.compile("(?:a+)+").fullmatch
"""Takes ever longer over a text of many a's that ends otherwise: twice as long for each a."""


def check_number(number: str) -> str:
    is_quick(number)
    return number


class OrderRow(RowSchema):
    number: Annotated[str, AfterValidator(check_number)]
    part: str | None = None
    tags: Annotated[list[str], BeforeValidator(lambda cell: cell.split(";"))] | None = None
    short: Annotated[list[str], BeforeValidator(lambda cell: cell.split(";"))] | None = None
    state: str | None = None


class Orders(RecordType):
    name = "orders"
    label = "Orders"
    model = Order
    key = ("number",)
    schema = OrderRow


class Account(OwnBase):
    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    owner: Mapped[str] = mapped_column(unique=True)
    amount: Mapped[int]


class DepositRow(RowSchema):
    owner: str
    amount: int
    act: str | None = None


ADD = text("""
INSERT INTO accounts (owner, amount) VALUES (:owner, :amount)
ON CONFLICT (owner) DO UPDATE SET amount = accounts.amount + excluded.amount
""")


class Deposits(RecordType):
    """Adds an amount to an account, which doubles if it is done twice; `act` says what goes wrong after it."""

    name = "deposits"
    label = "Deposits"
    schema = DepositRow

    def save_row(self, session, values, origin, row_number):
        session.execute(ADD, {"owner": values["owner"], "amount": values["amount"]})
        act, _, argument = (values["act"] or "").partition(" ")
        if act:
            getattr(self, f"act_{act}")(session, argument)
        return Effect.UPDATED

    def act_reject(self, session: Session, argument: str) -> None:
        raise RowError("The account is closed.", code="account_closed", column="owner")

    def act_raise(self, session: Session, argument: str) -> None:
        raise LookupError("no such thing")

    def act_commit(self, session: Session, argument: str) -> None:
        session.commit()

    def act_rollback(self, session: Session, argument: str) -> None:
        session.rollback()

    def act_commit_connection(self, session: Session, argument: str) -> None:
        session.connection().commit()

    def act_rollback_connection(self, session: Session, argument: str) -> None:
        session.connection().rollback()

    def act_commit_sql(self, session: Session, argument: str) -> None:
        session.execute(text("COMMIT"))

    def act_rollback_sql(self, session: Session, argument: str) -> None:
        session.execute(text("rollback"))

    def act_other_session(self, session: Session, argument: str) -> None:
        with Session(session.get_bind().engine) as other:
            other.execute(ADD, {"owner": "other", "amount": 1})
            other.commit()

    def act_nested(self, session: Session, argument: str) -> None:
        with session.begin_nested():
            session.execute(ADD, {"owner": "nested", "amount": 1})

    def act_sleep(self, session: Session, argument: str) -> None:
        wait(float(argument))

    def act_query(self, session: Session, argument: str) -> None:
        session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": float(argument)})

    def act_exit(self, session: Session, argument: str) -> None:
        os._exit(9)

    def act_die(self, session: Session, argument: str) -> None:
        """What the kernel does to a process that has used up the machine's memory."""
        os.kill(os.getpid(), signal.SIGKILL)

    def act_outgrow(self, session: Session, argument: str) -> None:
        """Needs so many MB, under a limit of half of that."""
        wanted = int(argument) * 1024**2
        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (wanted // 2, before[1]))
        try:
            bytearray(wanted)
        finally:
            resource.setrlimit(resource.RLIMIT_AS, before)
