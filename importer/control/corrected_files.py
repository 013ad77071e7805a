"""Files of failed rows that come back corrected: taken on their way, given to a converter, and told about."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.orm import Session

from importer.control.retries import refuse_unless_it_takes_rows
from importer.control.uploads import base_name
from importer.errors import FileTooLargeError, RefusedFileError, UnknownImportError
from importer.files.exports.verdicts import LEFT_ALONE
from importer.lifecycle.event_kinds import EventKind
from importer.lifecycle.events import record_in
from importer.models import CorrectedFile, Import, Repair, User
from importer.models.corrected_files import corrected_key
from importer.models.imports import new_import_id
from importer.queue import queues
from importer.services import Services
from importer.storage.object_writer import StoredObject

log = logging.getLogger(__name__)

KIND = "file"
"""Of the rule of a repair that is a corrected file."""

NAMED = 10
"""Row numbers that a sentence names."""

MOST_TOLD = 20
"""Files that are told of an import, the latest first."""

EMPTY = "The file is empty. Choose the file with the corrected rows."


@dataclass(frozen=True)
class CorrectedFileReport:
    """What came of a corrected file; rows are counts, times are ISO 8601 in UTC.

    Attributes:
        uploaded_by: e-mail address; None: at the command line, or somebody who is gone.
        finished_at: None while its rows are still taken in.
        refusal: why it was not taken in to its end.
        left_alone: by reason: how many rows, what that means, and the numbers of the first ones.
    """

    id: int
    filename: str
    uploaded_by: str | None
    uploaded_at: str
    finished_at: str | None
    rows_read: int
    corrected_rows: int
    unchanged_rows: int
    left_alone: dict[str, dict[str, Any]]
    refusal: str | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def in_words(self) -> str:
        """The result in one sentence, without its name."""
        counts = [f"{self.corrected_rows:,} {'row' if self.corrected_rows == 1 else 'rows'} corrected"]
        if self.unchanged_rows:
            counts.append(f"{self.unchanged_rows:,} unchanged")
        return ", ".join([*counts, *map(_left_alone_in_words, self.left_alone.values())])


def _left_alone_in_words(told: Mapping[str, Any]) -> str:
    rows, count = told["rows"], told["count"]
    if not rows:
        return f"{count:,} {told['meaning']}"
    named = ", ".join(f"{number:,}" for number in rows[:NAMED])
    unnamed = count - len(rows[:NAMED])
    more = f" and {unnamed:,} more" if unnamed else ""
    return f"{count:,} {told['meaning']} ({'row' if count == 1 else 'rows'} {named}{more})"


def receive(
    session: Session, services: Services, import_: Import, user: User, filename: str, chunks: Iterable[bytes]
) -> CorrectedFileReport:
    """Store a corrected file, and have its rows taken in.

    Args:
        user: who sends it; one without an id is the command line.
        chunks: the file's bytes.

    Raises:
        RefusedTransitionError: the import was cancelled or stopped.
        RefusedFileError: it is empty, or larger than a file may be.
        UploadError: it broke off.
        StorageError: S3 does not answer.
    """
    refuse_unless_it_takes_rows(import_)
    session.commit()  # none may stay open while the file arrives
    token = new_import_id()
    stored = _store(services, corrected_key(import_.id, token), chunks)
    try:
        repair = _note(session, import_, user, base_name(filename), token, stored)
    except UnknownImportError:
        services.storage.delete(corrected_key(import_.id, token))
        raise
    _enqueue(services, import_.id)
    return report_on(session, import_, repair.id)


def _store(services: Services, key: str, chunks: Iterable[bytes]) -> StoredObject:
    most = services.settings.max_upload_bytes
    size = 0
    with services.storage.open_writer(key) as writer:
        for chunk in chunks:
            size += len(chunk)
            if size > most:
                raise FileTooLargeError(most)
            writer.write(chunk)
        if not size:
            raise RefusedFileError("empty", EMPTY)
        return writer.complete()


def _note(
    session: Session, import_: Import, user: User, filename: str, token: str, stored: StoredObject
) -> Repair:
    """Note the file, whose import stays until that is committed: it may have been deleted meanwhile."""
    wanted = select(Import.id).where(Import.id == import_.id, Import.deleted_at.is_(None))
    if session.scalar(wanted.with_for_update(read=True)) is None:
        raise UnknownImportError
    repair = Repair(
        import_sequence=import_.sequence,
        chosen={},
        rule={"kind": KIND, "filename": filename},
        made_by=user.id,
        after=None,  # no dispatcher carries it out
        until=0,
    )
    session.add(repair)
    session.flush()
    session.add(
        CorrectedFile(
            repair_id=repair.id,
            import_sequence=import_.sequence,
            token=token,
            etag=stored.etag,
            size_bytes=stored.size,
        )
    )
    record_in(session, import_, EventKind.RETURNED, user.id)
    session.commit()
    return repair


def _enqueue(services: Services, import_id: str) -> None:
    try:
        queues.enqueue_corrected_files(services.redis, import_id)
    except RedisError as error:
        log.warning("import %s: Redis refused its corrected rows (%s); recovery enqueues them", import_id, error)


def reports_on(session: Session, import_: Import) -> list[CorrectedFileReport]:
    """The corrected files of an import, the latest first, at most 20."""
    return _reports(session, import_, None)


def report_on(session: Session, import_: Import, repair_id: int) -> CorrectedFileReport:
    """One of them, which there is."""
    (found,) = _reports(session, import_, repair_id)
    return found


def _reports(session: Session, import_: Import, repair_id: int | None) -> list[CorrectedFileReport]:
    wanted = (
        select(CorrectedFile, Repair, User.email)
        .join(Repair, Repair.id == CorrectedFile.repair_id)
        .outerjoin(User, User.id == Repair.made_by)
        .where(Repair.import_sequence == import_.sequence)
        .order_by(CorrectedFile.repair_id.desc())
        .limit(MOST_TOLD)
        .execution_options(populate_existing=True)
    )
    if repair_id is not None:
        wanted = wanted.where(CorrectedFile.repair_id == repair_id)
    return [_report(file, repair, email) for file, repair, email in session.execute(wanted)]


def _report(file: CorrectedFile, repair: Repair, email: str | None) -> CorrectedFileReport:
    return CorrectedFileReport(
        id=repair.id,
        filename=repair.rule["filename"],
        uploaded_by=email,
        uploaded_at=repair.made_at.isoformat(),
        finished_at=repair.finished_at.isoformat() if repair.finished_at else None,
        rows_read=file.rows_read,
        corrected_rows=repair.changed_rows,
        unchanged_rows=repair.unchanged_rows,
        left_alone={
            kind: {**file.left_alone[kind], "meaning": meaning}
            for kind, meaning in LEFT_ALONE.items()
            if kind in file.left_alone
        },
        refusal=file.refusal,
    )


def is_any_under_way(reports: Sequence[CorrectedFileReport]) -> bool:
    """Whether rows of one of them are still taken in."""
    return any(report.finished_at is None for report in reports)
