"""The rows that an import left undone when it was cancelled or stopped, as a file: to be imported as a new one."""

from __future__ import annotations

import io
from collections.abc import Iterator

from sqlalchemy.orm import Session

from importer.control.exports import FORMATS, XLSX
from importer.errors import NotKeptError, ObjectChangedError, ObjectMissingError, StorageError
from importer.files.csv_reader import Position, Record
from importer.files.detection import letters
from importer.files.exports.safe_cells import written
from importer.files.exports.undone_rows import undone_row
from importer.ledger.exported_rows import ROWS_PER_STRETCH, ended_rows
from importer.lifecycle.kept_files import drop_file
from importer.lifecycle.stored_rows import StoredRows
from importer.models import Import
from importer.services import Services

READ_BUFFER = 1024 * 1024

AGAIN = "Import the file again: its rows that are imported already stay as they are."


def undone_rows_file(session: Session, services: Services, import_: Import, ending: str) -> Iterator[bytes]:
    """The rows that the ledger does not know, with the columns of their file as they are.

    They are read from the first row on, as a rewind reads them. A file without a header gets none.

    Args:
        ending: one of `FORMATS`.

    Raises:
        NotKeptError: the file is not kept.
        StorageError: S3 does not answer, or an operator has to act.
        UnknownImportError: the import was deleted meanwhile; that may turn out after many rows.
    """
    if import_.kept_until is None:
        raise NotKeptError
    header = list(import_.header or [])
    stored = StoredRows.of(import_)
    begins = Position(0, import_.rows_line, import_.rows_offset)
    has_header = bool((import_.profile or {}).get("header")) or header != letters(len(header))
    _refuse_lost(session, services, import_, stored)
    rows = _undone(services, import_.sequence, _records(services, stored, begins))
    is_for_workbook = ending == XLSX
    cells = (undone_row(row, stored.width, is_for_workbook=is_for_workbook) for row in rows)
    return FORMATS[ending].write([written(name) for name in header] if has_header else [], cells)


def _refuse_lost(session: Session, services: Services, import_: Import, stored: StoredRows) -> None:
    """Ask for the object before anything is written, and note where it is gone."""
    session.commit()  # S3 is asked next, and none may stay open while the file leaves
    try:
        stored.open_at(services.storage, import_.rows_offset).close()
    except (ObjectMissingError, ObjectChangedError) as error:
        drop_file(session, services, import_)
        raise NotKeptError(f"The file that was kept is gone from S3, or is another one. {AGAIN}") from error


def _undone(services: Services, sequence: int, records: Iterator[Record]) -> Iterator[Record]:
    """Those of the records that have not ended."""
    ended: set[int] = set()
    last = 0
    for record in records:
        if record.row_number > last:
            last = record.row_number + ROWS_PER_STRETCH - 1
            ended = ended_rows(services.engine, sequence, record.row_number, last)
        if record.row_number not in ended:
            yield record


def _records(services: Services, stored: StoredRows, position: Position) -> Iterator[Record]:
    """The records from a position on. Where S3 breaks off, as it may while a client is slow, it is asked again."""
    while True:
        begins = position
        opened = stored.open_at(services.storage, begins.offset)
        with io.BufferedReader(opened, READ_BUFFER) as source:
            reader = stored.reader(source, begins, services.settings)
            try:
                yield from reader
            except StorageError:
                position = reader.position
                if position == begins:
                    raise
            else:
                return
