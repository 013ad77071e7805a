"""Compares what is said of an import in every place: counters, ledger, failed rows, checkpoint, queue and file.

None of this happens by itself: recovery puts back to work what crashes and wipes have left. The doctor is for what
nobody thought of, such as a database restored from a backup or a table changed by hand, and for whoever wants to
know what an import is waiting for.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from redis.exceptions import RedisError
from sqlalchemy import func, or_, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from importer.control.complaint import Complaint
from importer.control.orphans import objects_without_import, rows_without_import
from importer.errors import ObjectChangedError, ObjectMissingError, StorageError
from importer.health.checks import Examination
from importer.ledger.books import complete, forget_groundless, read_books, recount
from importer.lifecycle.cleaning import clean, delete_for, forget_unknown, is_upload_over
from importer.lifecycle.dispatching import dispatch
from importer.lifecycle.kept_files import drop_file, is_overdue
from importer.lifecycle.stored_rows import StoredRows
from importer.lifecycle.transitions import try_move
from importer.models import FailedRow, Import
from importer.queue import checkpoint, queues
from importer.services import Services
from importer.statuses import DISPATCHED, ENDED, TAKES_ROWS, UNFINISHED, Status
from importer.time_limits import DOCTOR_DELETES_SECONDS, DOCTOR_GRACE_SECONDS, DOCTOR_LOOKS_SECONDS

LATEST = 20
"""So many of the latest imports are examined besides those that are unfinished."""

GRACE = timedelta(seconds=DOCTOR_GRACE_SECONDS)


def wanted_imports(session: Session) -> Sequence[Import]:
    """The imports that are worth examining: the unfinished, those with something to clean up, and the latest."""
    latest = select(Import.sequence).order_by(Import.sequence.desc()).limit(LATEST)
    unfinished = or_(Import.status.not_in(ENDED), Import.cleaned_at.is_(None), Import.deleted_at.is_not(None))
    wanted = or_(unfinished, is_overdue(), Import.sequence.in_(latest))
    return session.scalars(select(Import).where(wanted).order_by(Import.sequence)).all()


def examine_installation(session: Session, services: Services) -> Iterator[Complaint]:
    """What is wrong with the parts and processes, and what each part holds of imports that there are not.

    Raises:
        RedisError: Redis does not answer.
    """
    for finding in Examination(services).findings():
        code = f"{finding.part}_unknown" if finding.ok else f"{finding.part}_failing"
        yield Complaint(None, code, finding.message, is_wrong=not finding.ok)
    held = checkpoint.imports_with_checkpoint(services.redis)
    known = set(session.scalars(select(Import.id).where(Import.id.in_(held))))
    for import_id in sorted(held - known):
        message = f"Redis holds a checkpoint of import {import_id}, which the database does not know."
        yield Complaint(import_id, "unknown_import", message, partial(forget_unknown, services.redis, import_id))
    yield from rows_without_import(session)
    with contextlib.suppress(StorageError):  # which the examination has found too
        yield from objects_without_import(session, services.storage)


def examine_twice(session: Session, services: Services, imports: Sequence[Import]) -> Iterator[Complaint]:
    """What is wrong with these imports now, and was some seconds ago: what is only on its way is not.

    Between two complaints the caller may repair the first: each import is looked at just before.
    """
    suspects = [(import_, codes) for import_ in imports if (codes := _codes(session, services, import_))]
    if suspects:
        time.sleep(DOCTOR_LOOKS_SECONDS)
    for import_, codes in suspects:
        yield from (c for c in _examine_safely(session, services, import_) if c.code in codes)


def _codes(session: Session, services: Services, import_: Import) -> set[str]:
    return {complaint.code for complaint in _examine_safely(session, services, import_)}


def _examine_safely(session: Session, services: Services, import_: Import) -> list[Complaint]:
    """One import that cannot be examined hides no other."""
    try:
        return examine(session, services, import_)
    except (RedisError, StorageError, OperationalError) as error:
        session.rollback()
        reason = str(error).partition("\n")[0]
        return [Complaint(import_.id, "not_examined", f"It cannot be examined: {reason}")]


def examine(session: Session, services: Services, import_: Import) -> list[Complaint]:
    """Everything that is wrong with one import.

    Raises:
        RedisError, StorageError: a part does not answer.
    """
    session.refresh(import_)
    if import_.deleted_at is not None:
        return list(_left_over(session, services, import_))
    patient = _Patient(session, services, import_)
    return [
        *patient.books(),
        *patient.progress(),
        *patient.retries(),
        *_left_over(session, services, import_),
        *_file(services, import_),
        *_kept_file(session, services, import_),
    ]


class _Patient:
    """One import, and what is said of it in each place."""

    def __init__(self, session: Session, services: Services, import_: Import) -> None:
        self._session = session
        self._services = services
        self._import = import_
        # In this order: rows move from the checkpoint to the queue to the ledger, so that those on their way are
        # seen twice rather than never.
        self._reached = checkpoint.read(services.redis, import_.id)
        self._queued = queues.queued_rows(services.redis, import_.id)
        self._counts = read_books(session, import_)
        self._is_attended = checkpoint.is_leased(services.redis, import_.id) or queues.is_slice_queued(
            services.redis, import_.id
        )
        # What follows asks Redis and S3, and the database ends a transaction that waits for long.
        session.commit()

    def _complaint(self, code: str, message: str, repair: Callable[[], object] | None = None) -> Complaint:
        return Complaint(self._import.id, code, message, repair)

    def _by(self, correction: Callable[[Session, Import], None]) -> Callable[[], object]:
        return partial(correction, self._session, self._import)

    def books(self) -> Iterator[Complaint]:
        """Counters, ledger and failed rows."""
        counts = self._counts
        is_short = counts.status == Status.COMPLETED and counts.ended != counts.total_rows
        if counts.groundless:
            message = f"{counts.groundless:,} failed rows are listed that have not ended according to the ledger."
            yield self._complaint("reasons_groundless", message, self._by(forget_groundless))
        elif counts.ended == counts.imported + counts.failed and counts.listed < counts.failed:
            lost = counts.failed - counts.listed
            message = f"{lost:,} failed rows are listed no more, so which they were and why they failed is lost."
            yield self._complaint("failed_rows_lost", f"{message} Upload the file again, or restore failed_rows.")
        elif (counts.imported + counts.failed, counts.failed) != (counts.ended, counts.listed):
            message = (
                f"The counters say {counts.imported:,} imported and {counts.failed:,} failed, the ledger has "
                f"{counts.ended:,} rows, and {counts.listed:,} failed rows are listed."
            )
            # Fewer than the file has would no longer be completed, and no move leads back from there.
            yield self._complaint("counters_wrong", message, None if is_short else self._by(recount))
        if is_short:
            message = f"It is completed with {counts.total_rows:,} rows, but the ledger knows {counts.ended:,}."
            yield self._complaint("completed_too_early", f"{message} Compare its records with the file.")
        if counts.status in UNFINISHED and counts.ended == counts.total_rows:
            yield self._complaint(
                "not_completed",
                "Every row has ended, but it is not completed.",
                self._by(complete),
            )

    def progress(self) -> Iterator[Complaint]:
        """Dispatcher, checkpoint and queue."""
        redis, import_, counts = self._services.redis, self._import, self._counts
        if counts.is_cleaned and self._reached is not None:
            message = "It has ended, but Redis still holds its checkpoint."
            yield self._complaint("checkpoint_left", message, partial(checkpoint.take, redis, import_.id))
        if counts.status == Status.PAUSING and not self._is_attended and not self._queued:
            yield self._complaint("not_paused", "Nothing is queued, but it is not paused.", self._say_paused)
        if counts.status not in DISPATCHED or self._is_attended:
            return
        if counts.total_rows is None:
            message = f"No dispatcher is at it, and none is queued. It stands at row {self._row():,}."
            yield self._complaint("unattended", message, self._dispatch)
        elif self._lost_rows() > 0:
            message = f"{self._lost_rows():,} rows were pushed, but have neither ended nor are queued."
            yield self._complaint("rows_lost", message, self._rewind)

    def _row(self) -> int:
        return self._reached.row_number if self._reached else 0

    def _lost_rows(self) -> int:
        return (self._counts.total_rows or 0) - self._queued - self._counts.ended

    def retries(self) -> Iterator[Complaint]:
        """Retries that were asked for, and not begun."""
        if self._counts.status not in TAKES_ROWS or self._is_attended or self._queued:
            return
        overdue = FailedRow.retry_requested_at < datetime.now(UTC) - GRACE
        wanted = select(func.count()).where(FailedRow.import_sequence == self._import.sequence, overdue)
        rows = self._session.scalar(wanted)
        if rows:
            message = f"{rows:,} failed rows wait for their retry, and none is queued."
            repair = partial(queues.enqueue_slice, self._services.redis, self._import.id)
            yield self._complaint("retries_lost", message, repair)

    # Repairs

    def _say_paused(self) -> None:
        try_move(self._session, self._import.id, Status.PAUSED)
        self._session.commit()

    def _dispatch(self) -> None:
        dispatch(self._session, self._services, self._import)

    def _rewind(self) -> None:
        checkpoint.take(self._services.redis, self._import.id)
        self._dispatch()


def _left_over(session: Session, services: Services, import_: Import) -> Iterator[Complaint]:
    """What an ended import has left in Redis and S3, and a deleted one in Postgres."""
    since = import_.deleted_at or import_.finished_at or import_.created_at
    if since > datetime.now(UTC) - GRACE:
        return
    may_upload = not session.scalar(select(is_upload_over()).where(Import.id == import_.id))
    if import_.deleted_at is not None and not may_upload:
        message = "It was deleted, but its ledger and failed rows are still there."
        yield Complaint(import_.id, "not_deleted", message, partial(_delete, session, services, import_))
    elif import_.status in ENDED | {Status.CANCELLING} and import_.cleaned_at is None and not may_upload:
        message = "It has ended, but Redis and S3 have not been cleaned up."
        yield Complaint(import_.id, "not_cleaned", message, partial(clean, session, services, import_))


def _delete(session: Session, services: Services, import_: Import) -> None:
    clean(session, services, import_)
    delete_for(session, import_, DOCTOR_DELETES_SECONDS)


def _file(services: Services, import_: Import) -> Iterator[Complaint]:
    """Whether the file of an import that is still read is in S3, as it was uploaded."""
    if import_.status not in UNFINISHED or import_.total_rows is not None or import_.etag is None:
        return
    try:
        services.storage.open_at(import_.object_key, offset=0, etag=import_.etag).close()
    except (ObjectMissingError, ObjectChangedError) as error:
        yield Complaint(import_.id, "file_gone", f"{error.message} Cancel it.")


def _kept_file(session: Session, services: Services, import_: Import) -> Iterator[Complaint]:
    """Whether a file that is kept for rows that were left undone is in S3, and no longer than it should be."""
    if import_.kept_until is None:
        return
    session.commit()  # S3 is asked next
    if import_.kept_until < datetime.now(UTC) - GRACE:
        message = f"Its file was to be kept until {import_.kept_until:%Y-%m-%d %H:%M} UTC, and is still there."
        yield Complaint(import_.id, "kept_too_long", message, partial(drop_file, session, services, import_))
        return
    try:
        StoredRows.of(import_).open_at(services.storage, import_.rows_offset).close()
    except (ObjectMissingError, ObjectChangedError):
        message = "The file that is kept for its rows that were not imported is gone from S3, or is another one."
        yield Complaint(import_.id, "kept_file_gone", message, partial(drop_file, session, services, import_))
