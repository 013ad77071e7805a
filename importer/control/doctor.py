"""Compares what is said of an import in every place: counters, ledger, failed rows, checkpoint, queue and file.

None of this happens by itself: recovery puts back to work what crashes and wipes have left. The doctor is for what
nobody thought of, such as a database restored from a backup or a table changed by hand, and for whoever wants to
know what an import is waiting for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Row, or_, select, text
from sqlalchemy.orm import Session

from importer import checkpoint, queues
from importer.cleaning import clean, delete_some
from importer.control.health import check_everything
from importer.counters import Change, settle
from importer.dispatching import dispatch
from importer.errors import ObjectChangedError, ObjectMissingError
from importer.models import FailedRow, Import, RowOutcome
from importer.services import Services
from importer.statuses import DISPATCHED, ENDED, UNFINISHED, Status

LATEST = 20
"""So many of the latest imports are examined besides those that are unfinished."""

GRACE = timedelta(seconds=60)
"""What recovery mends within seconds is only wrong once it has had this long."""

COUNTS = text("""
SELECT imports.total_rows,
    imports.created_rows + imports.updated_rows + imports.unchanged_rows + imports.superseded_rows AS imported,
    imports.failed_rows AS failed,
    (SELECT count(*) FROM ledger WHERE import_sequence = sequence AND outcome = :imported) AS in_ledger,
    (SELECT count(*) FROM ledger WHERE import_sequence = sequence AND outcome = :failed) AS failed_in_ledger,
    (SELECT count(*) FROM ledger LEFT JOIN failed_rows USING (import_sequence, row_number)
        WHERE import_sequence = sequence AND outcome = :failed AND code IS NULL) AS unexplained,
    (SELECT count(*) FROM failed_rows LEFT JOIN ledger USING (import_sequence, row_number)
        WHERE import_sequence = sequence AND outcome IS DISTINCT FROM :failed) AS groundless
FROM imports WHERE id = :id
""")
"""In one statement, so that all are of one moment."""

RECOUNT = text("""
UPDATE imports SET
    failed_rows = :failed,
    unchanged_rows = unchanged_rows + GREATEST(:missing, 0) - LEAST(unchanged_rows, :surplus),
    updated_rows = updated_rows - LEAST(updated_rows, GREATEST(:surplus - unchanged_rows, 0)),
    created_rows = created_rows - LEAST(created_rows, GREATEST(:surplus - unchanged_rows - updated_rows, 0)),
    superseded_rows = superseded_rows - GREATEST(:surplus - unchanged_rows - updated_rows - created_rows, 0)
WHERE id = :id
""")
"""The ledger decides. It does not say how a row was imported: those missing are counted as unchanged."""

EXPLAIN = text("""
INSERT INTO failed_rows (import_sequence, row_number, line_number, code, message, cells)
SELECT import_sequence, row_number, 0, 'unexplained', :message, '[]'
FROM ledger LEFT JOIN failed_rows USING (import_sequence, row_number)
WHERE import_sequence = :sequence AND outcome = :failed AND code IS NULL
""")

FORGET = text("""
DELETE FROM failed_rows WHERE import_sequence = :sequence AND NOT EXISTS (
    SELECT FROM ledger WHERE ledger.import_sequence = failed_rows.import_sequence
        AND ledger.row_number = failed_rows.row_number AND outcome = :failed)
""")

UNEXPLAINED = "The row failed, but its cells and its reason were lost. Upload it again in a file of its own."

OUTCOMES = {"imported": int(RowOutcome.IMPORTED), "failed": int(RowOutcome.FAILED)}


@dataclass(frozen=True)
class Complaint:
    """Something that is wrong.

    Attributes:
        import_id: None where it concerns more than one import.
        message: what is wrong, and where it cannot be repaired here, what to do.
        repair: mends it; None where only a person can.
    """

    import_id: str | None
    code: str
    message: str
    repair: Callable[[], object] | None = None


def wanted_imports(session: Session) -> Sequence[Import]:
    """The imports that are worth examining: the unfinished, those not yet cleaned up, and the latest."""
    latest = select(Import.sequence).order_by(Import.sequence.desc()).limit(LATEST)
    unfinished = or_(Import.status.not_in(ENDED), Import.cleaned_at.is_(None), Import.deleted_at.is_not(None))
    return session.scalars(
        select(Import).where(or_(unfinished, Import.sequence.in_(latest))).order_by(Import.sequence)
    ).all()


def examine_installation(session: Session, services: Services) -> Iterator[Complaint]:
    """What is wrong with the parts and processes, and what Redis holds of imports that there are not.

    Raises:
        RedisError: Redis does not answer.
    """
    for finding in check_everything(session, services):
        if not finding.ok:
            yield Complaint(None, f"{finding.part}_failing", finding.message)
    held = checkpoint.imports_with_one(services.redis)
    known = set(session.scalars(select(Import.id).where(Import.id.in_(held))))
    for import_id in sorted(held - known):
        message = f"Redis holds a checkpoint of import {import_id}, which the database does not know."
        yield Complaint(import_id, "unknown_import", message, partial(_forget, services, import_id))


def _forget(services: Services, import_id: str) -> None:
    checkpoint.take(services.redis, import_id)
    queues.drop_slices(services.redis, import_id, failed=True)
    queues.drop_row_jobs(services.redis, import_id, failed=True)


def examine(session: Session, services: Services, import_: Import) -> list[Complaint]:
    """Everything that is wrong with one import.

    Raises:
        RedisError, StorageError: a part does not answer.
    """
    if import_.deleted_at is not None:
        return list(_left_over(session, services, import_))
    patient = _Patient(session, services, import_)
    return [
        *patient.books(),
        *patient.progress(),
        *patient.retries(),
        *_left_over(session, services, import_),
        *_file(services, import_),
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
        self._counts: Row[tuple[int, ...]] = session.execute(COUNTS, {"id": import_.id, **OUTCOMES}).one()

    def _complaint(self, code: str, message: str, repair: Callable[[], object] | None = None) -> Complaint:
        return Complaint(self._import.id, code, message, repair)

    def books(self) -> Iterator[Complaint]:
        """Counters, ledger and failed rows."""
        counts = self._counts
        if (counts.imported, counts.failed) != (counts.in_ledger, counts.failed_in_ledger):
            message = (
                f"The counters say {counts.imported:,} imported and {counts.failed:,} failed, "
                f"the ledger {counts.in_ledger:,} and {counts.failed_in_ledger:,}."
            )
            yield self._complaint("counters_wrong", message, self._recount)
        if counts.unexplained:
            message = f"{counts.unexplained:,} rows have failed according to the ledger, but have no reason."
            yield self._complaint("reasons_missing", message, self._explain)
        if counts.groundless:
            message = f"{counts.groundless:,} failed rows are listed that have not failed according to the ledger."
            yield self._complaint("reasons_groundless", message, self._forget_groundless)
        ended = counts.in_ledger + counts.failed_in_ledger
        if self._import.status == Status.COMPLETED and ended != counts.total_rows:
            message = f"It is completed with {counts.total_rows:,} rows, but the ledger knows {ended:,}."
            yield self._complaint("completed_too_early", f"{message} Compare its records with the file.")
        if self._import.status in UNFINISHED and ended == counts.total_rows:
            yield self._complaint("not_completed", "Every row has ended, but it is not completed.", self._complete)

    def progress(self) -> Iterator[Complaint]:
        """Dispatcher, checkpoint and queue."""
        redis, import_ = self._services.redis, self._import
        if import_.status in ENDED and self._reached is not None:
            message = "It has ended, but Redis still holds its checkpoint."
            yield self._complaint("checkpoint_left", message, partial(checkpoint.take, redis, import_.id))
        if import_.status not in DISPATCHED:
            return
        is_attended = checkpoint.is_leased(redis, import_.id) or queues.is_slice_queued(redis, import_.id)
        if import_.total_rows is None and not is_attended:
            message = f"No dispatcher is at it, and none is queued. It stands at row {self._row():,}."
            yield self._complaint("unattended", message, self._dispatch)
        lost = self._lost_rows()
        if lost > 0 and not (import_.total_rows is None and is_attended):
            message = f"{lost:,} rows were pushed, but have neither ended nor are queued."
            yield self._complaint("rows_lost", message, self._rewind)

    def _row(self) -> int:
        return self._reached.row_number if self._reached else 0

    def _lost_rows(self) -> int:
        pushed = self._import.total_rows or self._row()
        return pushed - self._queued - self._counts.in_ledger - self._counts.failed_in_ledger

    def retries(self) -> Iterator[Complaint]:
        """Retries that were asked for, and not begun."""
        overdue = FailedRow.retry_requested_at < datetime.now(UTC) - GRACE
        wanted = select(FailedRow.row_number).where(FailedRow.import_sequence == self._import.sequence, overdue)
        rows = self._session.scalars(wanted).all()
        if rows and not self._queued:
            message = f"{len(rows):,} failed rows wait for their retry, and none is queued."
            repair = partial(queues.enqueue_slice, self._services.redis, self._import.id)
            yield self._complaint("retries_lost", message, repair)

    # Repairs

    def _explain(self) -> None:
        values = {"sequence": self._import.sequence, "failed": OUTCOMES["failed"], "message": UNEXPLAINED}
        self._session.execute(EXPLAIN, values)
        self._session.commit()

    def _forget_groundless(self) -> None:
        self._session.execute(FORGET, {"sequence": self._import.sequence, "failed": OUTCOMES["failed"]})
        self._session.commit()

    def _recount(self) -> None:
        """With the import's row locked, so that no batch moves its counters meanwhile."""
        self._session.execute(select(Import.id).where(Import.id == self._import.id).with_for_update())
        counts = self._session.execute(COUNTS, {"id": self._import.id, **OUTCOMES}).one()
        missing = counts.in_ledger - counts.imported
        values = {"failed": counts.failed_in_ledger, "missing": missing, "surplus": max(-missing, 0)}
        self._session.execute(RECOUNT, {"id": self._import.id, **values})
        self._complete()

    def _complete(self) -> None:
        settle(self._session.connection(), self._import.id, Change())
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
    if import_.deleted_at is not None:
        message = "It was deleted, but its ledger and failed rows are still there."
        yield Complaint(import_.id, "not_deleted", message, partial(_delete, session, services, import_))
    elif import_.status in ENDED and import_.cleaned_at is None:
        message = "It has ended, but Redis and S3 have not been cleaned up."
        yield Complaint(import_.id, "not_cleaned", message, partial(clean, session, services, import_))


def _delete(session: Session, services: Services, import_: Import) -> None:
    clean(session, services, import_)
    while not delete_some(session, import_):
        pass


def _file(services: Services, import_: Import) -> Iterator[Complaint]:
    """Whether the file of an import that is still read is in S3, as it was uploaded."""
    if import_.status not in UNFINISHED or import_.total_rows is not None or import_.etag is None:
        return
    try:
        services.storage.open_at(import_.object_key, offset=import_.rows_offset, etag=import_.etag).close()
    except (ObjectMissingError, ObjectChangedError) as error:
        yield Complaint(import_.id, "file_gone", f"{error.message} Cancel it.")
