"""One record with its story: who wrote it, and what a failed row would do to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from importer.control.columns import FileColumns
from importer.control.corrections import Made, corrections_of_row
from importer.control.records import table_of
from importer.control.reports import creators, visible_imports
from importer.errors import NoRecordsError, RefusedKeyError, UnknownRecordError
from importer.ledger.planning import TooSlowError
from importer.ledger.record_table import Record, RecordTable, Writer
from importer.ledger.records import RecordsOf
from importer.models import FailedRow, Import, User
from importer.record_types.codes import MAY_NOT_END
from importer.record_types.keys import RowKey
from importer.record_types.mappings import mapping_of
from importer.services import Services

WHOLE_RECORD_CHARACTERS = 1_000_000
"""Characters of one record, the same of each of its values."""


class Author(NamedTuple):
    """Who wrote or changed a record.

    Attributes:
        import_: None: it is none that this person may see.
        is_gone: whether the import was deleted.
        by: the e-mail address of who started it; None: at the command line, or somebody who is gone.
        corrections: how that row was corrected before.
    """

    writer: Writer
    import_: Import | None
    is_gone: bool
    by: str | None
    corrections: Sequence[Made]

    @property
    def is_an_import(self) -> bool:
        return self.writer.sequence > 0


class Told(NamedTuple):
    """A record with those who wrote it.

    Attributes:
        written: who wrote it last.
        changed: who changed a value of it last, which may be the same row.
    """

    table: RecordTable
    record: Record
    written: Author
    changed: Author


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


class Authors:
    """Who wrote some records, as far as a person may know."""

    def __init__(self, session: Session, user: User, records: Iterable[Record]) -> None:
        self._session = session
        sequences = {writer.sequence for one in records for writer in (one.written, one.changed)} - {0}
        seen = session.scalars(visible_imports(user).where(Import.sequence.in_(sequences))).all()
        there = select(Import.sequence).where(Import.sequence.in_(sequences), Import.deleted_at.is_(None))
        self._seen = {import_.sequence: import_ for import_ in seen}
        self._there = set(session.scalars(there))
        self._emails = creators(session, seen)

    def sees(self, record: Record) -> bool:
        """Whether one of the imports that this record names is one that the person may see."""
        return bool({record.written.sequence, record.changed.sequence} & self._seen.keys())

    def of(self, writer: Writer, *, with_corrections: bool = False) -> Author:
        """Who this is.

        Args:
            with_corrections: also how the row was corrected before.
        """
        import_ = self._seen.get(writer.sequence)
        made: Sequence[Made] = ()
        if import_ is not None and with_corrections:
            made = corrections_of_row(self._session, import_, writer.row_number)
        by = None if import_ is None else self._emails.get(import_.created_by or 0)
        return Author(writer, import_, writer.sequence not in self._there, by, made)


def find_record(
    session: Session, services: Services, user: User, record_type: str, key: Sequence[str], *, characters: int
) -> Told:
    """The record with this key, and who wrote it.

    Args:
        characters: of a value that are read, at most.

    Raises:
        UnknownRecordError: there is none, or none of its writers is an import that this person may see: an
            operator cannot tell which.
        UnknownRecordTypeError, NoRecordsError, RefusedKeyError, TooSlowError: as for those of an import.
    """
    services.record_types.require(record_type)
    table = table_of(services, record_type)
    if len(key) != len(table.key):
        raise RefusedKeyError(f"A key of these records has the fields {', '.join(table.key)}: one `key` for each.")
    share = table.share(characters, WHOLE_RECORD_CHARACTERS)
    record = RecordsOf(session.connection(), table, share).with_key(key)
    authors = Authors(session, user, [record] if record else [])
    if record is None or not (user.is_admin or authors.sees(record)):
        raise UnknownRecordError
    written = authors.of(record.written, with_corrections=True)
    is_same = record.changed == record.written
    return Told(table, record, written, written if is_same else authors.of(record.changed, with_corrections=True))


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
