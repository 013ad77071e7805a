"""One record with its story: who wrote it, and what a failed row would do to it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy.orm import Session

from importer.control.authors import Author, Authors
from importer.control.columns import FileColumns
from importer.control.records import table_of
from importer.errors import NoRecordsError, RefusedKeyError, UnknownRecordError
from importer.ledger.planning import TooSlowError
from importer.ledger.record_table import Record, RecordTable, Writer
from importer.ledger.records import RecordsOf
from importer.ledger.writers import LateRow, Step, WriterNotes
from importer.models import FailedRow, Import, User
from importer.record_types.codes import MAY_NOT_END
from importer.record_types.keys import RowKey
from importer.record_types.mappings import mapping_of
from importer.services import Services

WHOLE_RECORD_CHARACTERS = 1_000_000
"""Characters of one record, the same of each of its values."""


WRITERS_SECONDS = 0.8
"""So long who wrote a record is looked for."""

WITH_LATE_ROWS, MOST_LATE_ROWS = 20, 5
"""Of so many writers the rows are told that came too late, and so many of each."""


class Deed(StrEnum):
    """What a row did to a record."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    NOT_KNOWN = "not_known"


class Beginning(StrEnum):
    """What comes before the first writer that is told."""

    NOTHING = "nothing"
    OTHER_MEANS = "other_means"
    MORE = "more"
    IMPORT_DELETED = "import_deleted"
    NOT_NOTED = "not_noted"
    NOT_FOUND = "not_found"
    OWN_CODE = "own_code"


DEEDS = {
    Deed.CREATED: "made it",
    Deed.CHANGED: "changed values of it",
    Deed.UNCHANGED: "changed nothing in it",
    Deed.NOT_KNOWN: "wrote it",
}
"""Of a row, in words."""

BEGINNINGS = {
    Beginning.OTHER_MEANS: "Before any import it was there, made by other means.",
    Beginning.MORE: "Others wrote it before.",
    Beginning.IMPORT_DELETED: "Who wrote it before is not known: what that import met was deleted with it.",
    Beginning.NOT_NOTED: "Who wrote it before, if anybody, is not known: that import ran before this was noted.",
    Beginning.NOT_FOUND: "Who wrote it before could not be found in time. Try again in a while.",
    Beginning.OWN_CODE: "Who wrote it before, if anybody, is not known: the record type saves by code of its own.",
}
"""What is said of it; of `NOTHING` there is nothing to say."""


class Writing(NamedTuple):
    """One of those who wrote a record.

    Attributes:
        late: rows of the same import that came after it, though they stand before it in the file; so it counts.
    """

    author: Author
    deed: Deed
    late: Sequence[LateRow]


class RecordStory(NamedTuple):
    """A record with those who wrote it.

    Attributes:
        writers: the last one first; empty: no import wrote it.
        beginning: what comes before the first of them.
        written: who wrote it last.
        changed: who changed a value of it last, which may be the last writer.
    """

    table: RecordTable
    record: Record
    writers: Sequence[Writing]
    beginning: Beginning
    written: Author
    changed: Author


class Succeeded(NamedTuple):
    """What became of an imported row whose record another row has written.

    Attributes:
        first: who did so.
        was_there: whether that row had written the record already, so that this one was superseded.
        last: who wrote it last, as far as that is noted.
        is_last_known: whether the record names that row; else it is gone, or the notes of who wrote it since are.
        key: of the record; None: it is gone, or this person may not see it.
    """

    first: Author
    was_there: bool
    last: Author
    is_last_known: bool
    key: tuple[str, ...] | None


class WouldChange(NamedTuple):
    """The record with the key of a failed row.

    Attributes:
        key: of that record, or of the one that the row would make.
        exists: whether there is one.
        is_visible: whether this person may see it.
        is_newer: whether a later row or import wrote it, so that this row would not change what it says.
    """

    key: tuple[str, ...]
    exists: bool
    is_visible: bool
    is_newer: bool


def find_record(
    session: Session, services: Services, user: User, record_type: str, key: Sequence[str], *, characters: int
) -> RecordStory:
    """The record with this key, and who wrote it.

    Args:
        characters: of a value that are read, at most.

    Raises:
        UnknownRecordError: there is none, or none of its last writer and its last change is of an import that this
            person may see: an operator cannot tell which.
        UnknownRecordTypeError, NoRecordsError, RefusedKeyError, TooSlowError: as for those of an import.
    """
    services.record_types.require(record_type)
    table = table_of(services, record_type)
    if len(key) != len(table.key):
        raise RefusedKeyError(f"A key of these records has the fields {', '.join(table.key)}: one `key` for each.")
    share = table.share(characters, WHOLE_RECORD_CHARACTERS)
    record = RecordsOf(session.connection(), table, share).with_key(key)
    if record is None or not (user.is_admin or Authors(session, user, [record]).sees(record)):
        raise UnknownRecordError
    notes = WriterNotes(session.connection(), WRITERS_SECONDS)
    steps = notes.writers_of(record.written)
    authors = Authors(session, user, [record], (step.writer for step in steps), with_corrections=True)
    tells = services.record_types[record_type].tells_writers
    beginning = _beginning(steps, authors, tells=tells)
    writers = [
        Writing(
            authors.of(step.writer),
            _deed(step, record, beginning),
            _late(notes, step.writer) if place < WITH_LATE_ROWS else (),
        )
        for place, step in enumerate(steps)
    ]
    return RecordStory(table, record, writers, beginning, authors.of(record.written), authors.of(record.changed))


def record_written_by(
    session: Session, services: Services, user: User, import_: Import, key: Sequence[str]
) -> RecordStory | None:
    """The record with this key, as it is written or in small letters, if an import wrote it, be it long ago.

    Raises:
        NoRecordsError, RefusedKeyError, TooSlowError: as `find_record`.
    """
    if len(key) != len(table_of(services, import_.record_type).key):
        return None
    for spelt in dict.fromkeys((tuple(key), tuple(text.lower() for text in key))):
        with suppress(UnknownRecordError):
            told = find_record(session, services, user, import_.record_type, spelt, characters=1)
            return told if import_.sequence in {one.author.writer.sequence for one in told.writers} else None
    return None


def _beginning(steps: Sequence[Step], authors: Authors, *, tells: bool) -> Beginning:
    first = steps[-1] if steps else None
    if first is None or (first.before is not None and not first.before.sequence):
        return Beginning.OTHER_MEANS
    if first.before is not None:
        return Beginning.MORE
    if first.is_cut:
        return Beginning.NOT_FOUND
    if authors.is_gone(first.writer):
        return Beginning.IMPORT_DELETED
    if not tells:
        return Beginning.OWN_CODE
    return Beginning.NOTHING if authors.notes(first.writer) else Beginning.NOT_NOTED


def _deed(step: Step, record: Record, beginning: Beginning) -> Deed:
    if step.has_changed is not None:
        return Deed.CHANGED if step.has_changed else Deed.UNCHANGED
    if beginning is Beginning.NOTHING:
        return Deed.CREATED
    if step.writer != record.written:
        return Deed.NOT_KNOWN
    # A row of the same import may have come late, and filled what this one had left empty.
    is_of_another = record.changed.sequence != record.written.sequence
    return Deed.UNCHANGED if is_of_another else Deed.NOT_KNOWN


def _late(notes: WriterNotes, writer: Writer) -> Sequence[LateRow]:
    try:
        return notes.late_rows(writer, MOST_LATE_ROWS)
    except TooSlowError:
        return ()


def successor_of_row(
    session: Session, services: Services, user: User, import_: Import, row_number: int
) -> Succeeded | None:
    """Who wrote the record of an imported row in its place; None where none is noted.

    Raises:
        NoRecordsError: the records cannot be shown.
        TooSlowError: to look for it takes too long.
    """
    table = table_of(services, import_.record_type)
    notes = WriterNotes(session.connection(), WRITERS_SECONDS)
    first = notes.successor_of(Writer(import_.sequence, row_number))
    if first is None:
        return None
    last = notes.last_successor_of(first)
    reading = RecordsOf(session.connection(), table, 1)
    found = reading.of_row(*last.writer, after=None, limit=1).records
    record = found[0] if found and found[0].written == last.writer else None
    authors = Authors(session, user, found, (first.writer, last.writer))
    is_seen = record is not None and (user.is_admin or authors.sees(record))
    key = record.key if record is not None and is_seen else None
    return Succeeded(authors.of(first.writer), first.was_there, authors.of(last.writer), record is not None, key)


def would_change(
    session: Session, services: Services, user: User, import_: Import, row: FailedRow
) -> WouldChange | None:
    """The record with the key of a failed row; None where its key, or whether there is one, cannot be told."""
    if row.code in MAY_NOT_END or row.problem is not None:
        return None
    try:
        table = table_of(services, import_.record_type)
        session.commit()  # a check of the record type's own may take long: no transaction waits for it
        key = _key_of(services, import_, row)
        record = None if key is None else RecordsOf(session.connection(), table, 1).with_key(key)
    except (NoRecordsError, RefusedKeyError, TooSlowError):
        return None
    if key is None or record is None:
        return None if key is None else WouldChange(key, exists=False, is_visible=False, is_newer=False)
    is_visible = user.is_admin or Authors(session, user, [record]).sees(record)
    is_newer = record.written > (import_.sequence, row.row_number)
    return WouldChange(record.key, exists=True, is_visible=is_visible, is_newer=is_newer)


def _key_of(services: Services, import_: Import, row: FailedRow) -> tuple[str, ...] | None:
    record_type = services.record_types[import_.record_type]
    mapping = mapping_of(record_type, FileColumns(import_).fields, import_.mapping)
    return RowKey(record_type, mapping).of(row.cells)
