"""Which imports of the list are meant: by outcome, file name, record type, person and day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, and_, func, not_, or_, select, true
from sqlalchemy.orm import Session

from importer.control.accounts import find_user
from importer.control.reports import visible_imports
from importer.errors import AccountError, FilterError
from importer.models import Import, User
from importer.outcomes import REFUSALS
from importer.statuses import ENDED, Reason, Status

MAX_SEARCH_CHARS = 200
NOBODY = "none"
"""Chooses imports of the command line, or of people who are gone."""

IS_COMPLETED = Import.status == Status.COMPLETED
NOT_TAKEN = and_(
    Import.status == Status.STOPPED,
    func.coalesce(Import.reason_code, "").in_([*REFUSALS, Reason.UPLOAD_BROKE_OFF]),
)
"""The file was refused, or did not arrive whole."""

SHOWN: dict[str, tuple[str, ColumnElement[bool]]] = {
    "": ("All", not_(NOT_TAKEN)),
    "active": ("In progress", Import.status.in_([status for status in Status if status not in ENDED])),
    "completed": ("Completed", and_(IS_COMPLETED, Import.failed_rows == 0, Import.imported_rows > 0)),
    "failures": ("With failed rows", Import.failed_rows > 0),
    "nothing": ("Nothing imported", and_(IS_COMPLETED, Import.imported_rows == 0)),
    "ended-early": (
        "Cancelled or stopped",
        and_(Import.status.in_([Status.CANCELLED, Status.STOPPED]), not_(NOT_TAKEN)),
    ),
    "refused": ("Refused", NOT_TAKEN),
}
"""What the list can be narrowed to by outcome (`importer.outcomes`): name in the address, words, condition."""


MEANINGS = {
    "show": f"one of {', '.join(name for name in SHOWN if name)}",
    "text": f"at most {MAX_SEARCH_CHARS} characters of the file's name, or an import's id",
    "record_type": f"the name of a record type, of at most {MAX_SEARCH_CHARS} characters",
    "person": f"the e-mail address of who started it, their number, or {NOBODY}",
    "since": "a day, such as 2026-03-01",
    "until": "a day, such as 2026-03-31",
    "zone": "a time zone, such as Europe/Berlin",
}
"""What may be said of each field of `ChosenImports`."""

NO_ID = "0"


class ChosenImports(NamedTuple):
    """Some of the imports that a person may see.

    Attributes:
        show: one of `SHOWN`.
        text: what the name of the file holds, without regard to case, or an import's id.
        record_type: its name.
        person: the id of who started it, or `NOBODY`.
        since, until: the first and the last day of their uploads.
        zone: the time zone of these days, by its IANA name.
    """

    show: str = ""
    text: str = ""
    record_type: str = ""
    person: str = ""
    since: date | None = None
    until: date | None = None
    zone: str = "UTC"

    @classmethod
    def told(cls, told: Mapping[str, Any]) -> ChosenImports:
        """As an address says it; what it does not know is passed over."""
        given = {name: str(told.get(name, "")).strip()[:MAX_SEARCH_CHARS] for name in cls._fields}
        return cls(
            show=given["show"] if given["show"] in SHOWN else "",
            text=given["text"].replace("\0", ""),
            record_type=given["record_type"].replace("\0", ""),
            person=given["person"] if _is_person(given["person"]) else "",
            since=_day(given["since"]),
            until=_day(given["until"]),
            zone=given["zone"] if _zone(given["zone"]) else "UTC",
        )

    @classmethod
    def asked(cls, session: Session, user: User, said: Mapping[str, str | None]) -> ChosenImports:
        """As a script says it, by field; what cannot be meant is refused. A person may be an e-mail address.

        Raises:
            FilterError: naming what is wrong.
        """
        given = {name: text.strip() for name, text in said.items() if text and text.strip()}
        if "@" in given.get("person", "") and "\0" not in given["person"]:  # Postgres cannot hold a NUL
            given["person"] = _id_of(session, user, given["person"])
        chosen = cls.told(given)
        for name, text in given.items():
            if text != str(getattr(chosen, name) or ""):
                raise FilterError(f"{name} must be {MEANINGS[name]}.")
        return chosen

    def as_address(self) -> dict[str, Any]:
        """What differs from all imports; `told` takes it back."""
        told: dict[str, Any] = {name: str(value) for name, value in self._asdict().items() if value}
        if not (self.since or self.until):
            del told["zone"]
        return told

    @property
    def is_narrowed(self) -> bool:
        """Whether more than an outcome is asked for."""
        return bool(self._replace(show="").as_address())

    def condition(self) -> ColumnElement[bool]:
        return and_(SHOWN[self.show][1], self.condition_but_outcome())

    def condition_but_outcome(self) -> ColumnElement[bool]:
        """Imports of any outcome that are meant otherwise."""
        return and_(true(), *self._of_file(), *self._of_person(), *self._of_days())

    def _of_file(self) -> Sequence[ColumnElement[bool]]:
        found = []
        if self.text:
            found.append(or_(Import.id == self.text.lower(), *map(_is_in_name, _forms(self.text))))
        if self.record_type:
            found.append(Import.record_type == self.record_type)
        return found

    def _of_person(self) -> Sequence[ColumnElement[bool]]:
        if not self.person:
            return ()
        return (Import.created_by.is_(None) if self.person == NOBODY else Import.created_by == int(self.person),)

    def _of_days(self) -> Sequence[ColumnElement[bool]]:
        found = []
        if self.since:
            found.append(Import.created_at >= self._beginning(self.since))
        if self.until:
            found.append(Import.created_at < self._beginning(self.until + timedelta(days=1)))
        return found

    def _beginning(self, day: date) -> datetime:
        return datetime.combine(day, time.min, _zone(self.zone) or UTC)

    def condition_of_scripts(self) -> ColumnElement[bool]:
        """The same where no outcome stands for every one, refused files among them."""
        return self.condition() if self.show else self.condition_but_outcome()


def _id_of(session: Session, user: User, email: str) -> str:
    """The id of the person with this address. Who sees nobody else's imports is not told who there is."""
    try:
        return str(find_user(session, email).id)
    except AccountError as error:
        if user.is_admin:
            raise FilterError(error.message) from error
        return NO_ID


def _is_in_name(text: str) -> ColumnElement[bool]:
    return Import.filename_lower.contains(text, autoescape=True)


def _forms(text: str) -> Sequence[str]:
    """How a text may stand in lower case: databases of the locale C know no letters but those of ASCII."""
    return list(dict.fromkeys(_lower_ascii(form) for form in (text.lower(), text, text.upper(), text.title())))


def _lower_ascii(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
"""Days beyond these are passed over: Postgres and Python end their calendars at different years."""

LARGEST_ID = 2**31 - 1


def _day(said: str) -> date | None:
    with suppress(ValueError):
        day = date.fromisoformat(said)
        return day if FIRST_DAY <= day <= LAST_DAY else None
    return None


def _is_person(said: str) -> bool:
    is_id = said.isascii() and said.isdigit() and len(said) <= 10 and int(said) <= LARGEST_ID
    return said == NOBODY or is_id


def _zone(name: str) -> ZoneInfo | None:
    # A folder of the zones, such as "Europe", is an OSError.
    with suppress(ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(name)
    return None


def page_of_imports(
    session: Session, user: User, *, limit: int, number: int = 1, condition: ColumnElement[bool] | None = None
) -> tuple[Sequence[Import], bool]:
    """One page of the imports that this person may see, the latest first, and whether another one follows.

    Args:
        limit: imports on a page.
        number: which page, from 1.
        condition: on imports; None shows all.
    """
    wanted = visible_imports(user) if condition is None else visible_imports(user).where(condition)
    found = session.scalars(wanted.offset((number - 1) * limit).limit(limit + 1)).all()
    return found[:limit], len(found) > limit


def count_of_imports(session: Session, user: User, condition: ColumnElement[bool]) -> int:
    """How many imports that this person may see are meant."""
    found = visible_imports(user).where(condition).order_by(None).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


MAX_STARTERS = 500


def starters(session: Session) -> Sequence[User]:
    """People who have started an import, by address; at most `MAX_STARTERS`."""
    has_started = select(Import.id).where(Import.created_by == User.id).exists()
    return session.scalars(select(User).where(has_started).order_by(User.email).limit(MAX_STARTERS)).all()
