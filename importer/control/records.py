"""The records of an import, the record that a row became or would change, and who wrote a record."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy.orm import Session

from importer.errors import NoRecordsError, RefusedKeyError, UnknownRecordTypeError
from importer.files.row_numbers import LARGEST_ROW
from importer.ledger.lines import highest_row, known_rows
from importer.ledger.planning import TooSlowError
from importer.ledger.record_table import Record, RecordTable, is_text
from importer.ledger.records import LISTS_OF_ROW, Portion, RecordsOf, Wanted
from importer.models import FailedRow, Import
from importer.services import Services

FEW = 50_000
"""Records of an import that are read and sorted at once."""

RECORD_CHARACTERS = 10_000
"""Characters of a record in a list, the same of each of its values."""

NO_KEY_HERE = (
    "A key is searched in the order of the keys alone. Leave out the key, or the row and the order of the rows."
)


class Order(StrEnum):
    """In which order records are shown."""

    KEY = "key"
    ROW = "row"


class Asked(NamedTuple):
    """Which records of an import somebody wants to see.

    Attributes:
        key: what the fields of their key begin with, in the order of the key; an empty text: with anything.
        row_number: of the file: only what this row became; None: all.
        after: what `RecordsPage.next` says; None: from the first.
    """

    order: Order = Order.ROW
    key: tuple[str, ...] = ()
    row_number: int | None = None
    after: tuple[str, ...] | None = None


@dataclass(frozen=True)
class RecordsPage:
    """Some records of an import.

    Attributes:
        asked: what is shown: where nothing begins as was asked, but does in other letters, it has those.
        next: what the next page comes after; None: this is the last.
        looked_through: how many records were, where no index finds those of an import.
        too_slow: whether the order of the file's rows took too long, so that these are in that of their keys.
    """

    table: RecordTable
    asked: Asked
    records: Sequence[Record]
    next: str | None
    looked_through: int | None
    too_slow: bool = False


class RowState(StrEnum):
    """What has become of a row of a file."""

    IMPORTED = "imported"
    FAILED = "failed"
    NOT_ENDED = "not_ended"
    NOT_IN_FILE = "not_in_file"


def table_of(services: Services, record_type: str) -> RecordTable:
    """Where the records of a record type are.

    Raises:
        NoRecordsError: they cannot be shown; the message says why.
    """
    try:
        return RecordTable(services.record_types[record_type])
    except UnknownRecordTypeError as error:
        raise NoRecordsError(f"{error} Name it in RECORD_TYPES again to see its records.") from error


def has_records(services: Services, import_: Import) -> bool:
    """Whether the records of an import can be shown, as far as its record type goes."""
    try:
        table_of(services, import_.record_type)
    except NoRecordsError:
        return False
    return True


def page_of_records(
    session: Session, services: Services, import_: Import, asked: Asked, *, limit: int, characters: int
) -> RecordsPage:
    """Records that an import wrote last, or those of one row.

    Args:
        characters: of a value that are read, at most.

    Raises:
        NoRecordsError: they cannot be shown.
        RefusedKeyError: no record can have this key, or `after` is of another list.
        TooSlowError: the database is too slow even for a small portion of them, or to go on in the order of the
            rows.
    """
    table = table_of(services, import_.record_type)
    _refuse_other_lists(table, asked)
    reading = RecordsOf(session.connection(), table, table.share(characters, RECORD_CHARACTERS))
    if asked.row_number is not None:
        found = reading.of_row(import_.sequence, asked.row_number, after=asked.after, limit=limit)
        return _page(table, asked, found)
    if asked.order is Order.KEY:
        return _in_order_of_keys(reading, table, import_, asked, limit)
    try:
        last = max(import_.total_rows or 0, highest_row(session.connection(), import_.sequence))
        found = reading.in_order_of_rows(import_.sequence, last_row=last, after=asked.after, limit=limit)
    except TooSlowError:
        if asked.after is not None:
            raise
        asked = asked._replace(order=Order.KEY)
        return replace(_in_order_of_keys(reading, table, import_, asked, limit), too_slow=True)
    return _page(table, asked, found)


def _in_order_of_keys(
    reading: RecordsOf, table: RecordTable, import_: Import, asked: Asked, limit: int
) -> RecordsPage:
    def read(key: tuple[str, ...], *, are_few: bool) -> Portion:
        wanted = Wanted(import_.sequence, key)
        return reading.in_order_of_keys(wanted, are_few=are_few, after=asked.after, limit=limit)

    key, *others = _spellings(table, asked)
    found = read(key, are_few=import_.imported_rows <= FEW)
    for other in others:
        if found.records:
            break
        # What goes on for many requests would leave the others no turn: they have it where they are soon found.
        if found.next is None or _is_near(reading, Wanted(import_.sequence, other)):
            tried = read(other, are_few=import_.imported_rows <= FEW and found.looked_through is None)
            key, found = (other, tried) if tried.records or tried.next else (key, found)
    return _page(table, asked._replace(key=key), found)


def _is_near(reading: RecordsOf, wanted: Wanted) -> bool:
    try:
        return reading.is_near(wanted)
    except TooSlowError:
        return False


def _spellings(table: RecordTable, asked: Asked) -> list[tuple[str, ...]]:
    """What may be meant by the beginning of a key: as it is written, and in small and in capital letters."""
    columns = table.key_columns()

    def spelt(spelling: Callable[[str], str]) -> tuple[str, ...]:
        pairs = zip(asked.key, columns, strict=False)
        return tuple(spelling(text) if is_text(column) else text for text, column in pairs)

    if asked.after is not None:
        return [asked.key]
    return list(dict.fromkeys((asked.key, spelt(str.lower), spelt(str.upper))))


def _page(table: RecordTable, asked: Asked, found: Portion) -> RecordsPage:
    following = None if found.next is None else json.dumps(found.next, ensure_ascii=False)
    return RecordsPage(table, asked, found.records, following, found.looked_through)


def position_told(text: str | None) -> tuple[str, ...] | None:
    """What `RecordsPage.next` says, as an address has it.

    Raises:
        RefusedKeyError: it says nothing of the kind.
    """
    if not text:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
        raise RefusedKeyError("This address does not say where its page begins. Go back to the first page.")
    return tuple(found)


def _refuse_other_lists(table: RecordTable, asked: Asked) -> None:
    """Refuse a key where nothing is searched, more texts than it has fields, and the place of another list."""
    width, after = len(table.key), asked.after
    if any(asked.key) and (asked.row_number is not None or asked.order is Order.ROW):
        raise RefusedKeyError(NO_KEY_HERE)
    if len(asked.key) > width:
        raise RefusedKeyError(f"A key of these records has {width} fields ({', '.join(table.key)}), no more.")
    if after is None:
        return
    if asked.row_number is not None:
        fits = len(after) == width + 1 and after[0] in LISTS_OF_ROW
    elif asked.order is Order.ROW:
        fits = len(after) in (1, width + 1) and _is_row_number(after[0])
    else:
        fits = len(after) == width
    if not fits:
        raise RefusedKeyError("This address does not say where its page begins. Go back to the first page.")


def _is_row_number(text: str) -> bool:
    """Whether a text is a number that a row may have, or 0."""
    return text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_ROW)) and int(text) <= LARGEST_ROW


def state_of_row(session: Session, import_: Import, row_number: int) -> RowState:
    """What has become of a row."""
    if session.get(FailedRow, (import_.sequence, row_number)) is not None:
        return RowState.FAILED
    if known_rows(session.connection(), import_.sequence, row_number, row_number):
        return RowState.IMPORTED
    is_beyond = import_.total_rows is not None and row_number > import_.total_rows
    return RowState.NOT_IN_FILE if is_beyond else RowState.NOT_ENDED
