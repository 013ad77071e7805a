"""What RQ runs on `default` for files of failed rows that came back corrected: their rows become corrections.

Rows are taken in a portion at a time, each with the number of rows done before in one transaction: one that is
killed goes on behind the last portion, and of two at once one leaves.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO, NamedTuple

from redis.exceptions import RedisError
from rq.timeouts import JobTimeoutException
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from importer.errors import (
    ObjectChangedError,
    ObjectMissingError,
    RefusedFileError,
    StorageError,
)
from importer.files.conversion.lines import ConversionLimits
from importer.files.exports.corrected_file import FileRow, rows_of
from importer.files.problems import Limits
from importer.health.causes import in_words
from importer.ledger import corrected_files
from importer.ledger.corrected_files import GoneError
from importer.models import CorrectedFile, Import, Repair
from importer.models.corrected_files import corrected_key
from importer.queue import checkpoint, queues
from importer.services import Services
from importer.statuses import TAKES_ROWS
from importer.time_limits import CONVERSION_TIMEOUT_SECONDS, SLICE_SETBACK_SECONDS
from jobs import process
from jobs.database_errors import Fault, fault_of
from jobs.files import memory

log = logging.getLogger(__name__)

ROWS_PER_PORTION = 2_000
CHARS_PER_PORTION = 4 * 1024 * 1024
"""A portion ends sooner where its cells have so many characters."""

MAX_TRIES = 6
"""So often a file is begun without getting on."""

COPY_BYTES = 1024 * 1024
WRITTEN_CHARS = 6
"""A character of a cell becomes so many at most where it is written into a file."""

TOO_LONG = "Reading it took longer than {minutes:,} minutes. Divide the file."
TOO_LARGE = "It needs more memory than its reader may take. Save its table as “CSV UTF-8”."
ENDED = "The import was cancelled, stopped or deleted meanwhile."
AGAIN_AND_AGAIN = "Reading it was begun {tries} times and got no further. Save its table as “CSV UTF-8”."
FOREIGN = (
    "The file is of import {other}, and this is import {id}. Upload it on the page of that import, or download the"
    " failed rows of this one."
)
ID_CHARS = 40


class Task(NamedTuple):
    """A corrected file, as it stands when work on it begins."""

    import_id: str
    repair_id: int
    key: str
    etag: str
    header: list[str]
    rows_read: int
    limits: Limits


def take_in_files(version: int, import_id: str) -> None:
    """Take in the corrected files of an import, the earliest first.

    Args:
        version: of these arguments; a job of another release is put back for a converter of that release.
    """
    services = process.services()
    if version != queues.ARGUMENTS_VERSION:
        process.stop_requested.wait(SLICE_SETBACK_SECONDS)
        queues.enqueue_corrected_files(services.redis, import_id, version=version)
        return
    memory.bound()
    try:
        while take_in_first(services, import_id):
            pass
    except (RedisError, StorageError) as error:
        _set_back(services, import_id, in_words(error))
    except DBAPIError as error:
        if fault_of(error) not in (Fault.NOBODY, Fault.TIMEOUT):
            raise
        _set_back(services, import_id, in_words(error))
    except GoneError:
        log.warning("import %s: another converter has its corrected rows", import_id)


def take_in_first(services: Services, import_id: str) -> bool:
    """Take in the first corrected file of an import to its end; say whether there was one.

    Raises:
        GoneError: another converter is at it.
        RedisError, StorageError, DBAPIError: a part is away; the next try goes on.
    """
    with Session(services.engine, expire_on_commit=False) as session:
        found = corrected_files.first_file(session, import_id)
        if found is None:
            return False
        file, repair = found
        if repair.finished_at is None:
            refusal = _take_in(session, services, import_id, file, repair)
            corrected_files.end(session, repair.id, refusal)
        session.commit()
        services.storage.delete(corrected_key(import_id, file.token))
        corrected_files.note_deleted(session, repair.id)
        return True


def _take_in(
    session: Session, services: Services, import_id: str, file: CorrectedFile, repair: Repair
) -> str | None:
    """Take in a file; return why it was not taken in to its end, None where it was."""
    task = _task(session, services, import_id, file)
    if task is None:
        return ENDED
    if file.tries > MAX_TRIES:
        return AGAIN_AND_AGAIN.format(tries=MAX_TRIES)
    try:
        with tempfile.TemporaryFile() as copy:
            _fetch(services, task, copy)
            _take_in_rows(services, task, copy)
    except (RefusedFileError, ObjectChangedError, ObjectMissingError) as error:
        return error.message
    except MemoryError:
        return TOO_LARGE
    except JobTimeoutException:
        return TOO_LONG.format(minutes=CONVERSION_TIMEOUT_SECONDS // 60)
    except GoneError:
        if _task(session, services, import_id, file) is None:
            return ENDED
        raise
    except (RedisError, StorageError, DBAPIError):
        _count_try(session, file, by=-1)  # however long the outage, the file must outlast it
        raise
    return None


def _task(session: Session, services: Services, import_id: str, file: CorrectedFile) -> Task | None:
    """What is to be done, counted as one more try; None where the import takes no rows any more."""
    import_ = session.get(Import, import_id, populate_existing=True)
    if import_ is None or import_.deleted_at is not None or import_.status not in TAKES_ROWS:
        return None
    settings = services.settings
    limits = Limits(len(import_.columns or []), settings.max_record_bytes, settings.max_cell_chars)
    header = list(import_.header or [])
    _count_try(session, file, by=1)
    return Task(
        import_id,
        file.repair_id,
        corrected_key(import_id, file.token),
        file.etag,
        header,
        file.rows_read,
        limits,
    )


def _count_try(session: Session, file: CorrectedFile, *, by: int) -> None:
    session.rollback()
    session.refresh(file)
    file.tries = max(file.tries + by, 0)
    session.commit()


def _fetch(services: Services, task: Task, copy: BinaryIO) -> None:
    with services.storage.open_at(task.key, offset=0, etag=task.etag) as stored:
        buffer = memoryview(bytearray(COPY_BYTES))
        while count := stored.readinto(buffer):
            copy.write(buffer[:count])


def _take_in_rows(services: Services, task: Task, copy: BinaryIO) -> None:
    """Take in the rows that are not done, portion by portion.

    Raises:
        RefusedFileError: the file cannot be read, or is of another import.
    """
    parent, reached = os.getppid(), task.rows_read
    limits = ConversionLimits(
        task.limits.max_cell_chars * WRITTEN_CHARS + 1, task.limits.max_record_bytes * WRITTEN_CHARS
    )
    rows = islice(_of_this_import(rows_of(copy, task.header, limits), task.import_id), reached, None)
    for portion in _portions(rows):
        if os.getppid() != parent:
            raise GoneError  # its converter has died, and another one may be at it
        with Session(services.engine) as session:
            changed = corrected_files.take_in(
                session, task.repair_id, task.import_id, portion, reached=reached, limits=task.limits
            )
        reached += len(portion)
        if changed:
            _enqueue_retries(services, task.import_id)
    _enqueue_retries(services, task.import_id)  # the one before may have died before it could


def _of_this_import(rows: Iterator[FileRow], import_id: str) -> Iterator[FileRow]:
    """The rows; a file of which the first one belongs to another import is none of this one's."""
    for place, row in enumerate(rows):
        if not place and row.import_id not in ("", import_id):
            raise RefusedFileError("foreign", FOREIGN.format(other=row.import_id[:ID_CHARS], id=import_id))
        yield row


def _portions(rows: Iterator[FileRow]) -> Iterator[Sequence[FileRow]]:
    portion: list[FileRow] = []
    size = 0
    for row in rows:
        portion.append(row)
        size += sum(map(len, row.cells)) + sum(map(len, row.surplus))
        if len(portion) >= ROWS_PER_PORTION or size >= CHARS_PER_PORTION:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _enqueue_retries(services: Services, import_id: str) -> None:
    try:
        if not checkpoint.is_leased(services.redis, import_id) and not queues.is_slice_queued(
            services.redis, import_id
        ):
            queues.enqueue_slice(services.redis, import_id)
    except RedisError as error:
        log.warning("import %s: retries are left to recovery (%s)", import_id, error)


def _set_back(services: Services, import_id: str, why: str) -> None:
    """Go on a little later; where even that fails, recovery does it."""
    log.warning("import %s: its corrected rows are read again: %s", import_id, why)
    process.stop_requested.wait(SLICE_SETBACK_SECONDS)
    queues.enqueue_corrected_files(services.redis, import_id)
