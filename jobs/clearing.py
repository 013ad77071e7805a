"""Clears away what imports leave: of ended ones in Redis and S3, of deleted ones all, of uploads that broke off.

Files that are kept go once their time is over.

A part of recovery (docs/design.md, rule 17).
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from importer.errors import StorageError
from importer.lifecycle.cleaning import clean, clean_all_completed, delete_for, forget_unknown, is_upload_over
from importer.lifecycle.kept_files import drop_file, is_overdue
from importer.lifecycle.transitions import try_move
from importer.models import Import
from importer.models.corrected_files import corrected_prefix
from importer.models.imports import LINES, OBJECT_PREFIX, import_of_key
from importer.queue import checkpoint, queues
from importer.services import Services
from importer.statuses import ENDED, Reason, Status
from importer.storage.object_writer import UnfinishedUpload
from importer.time_limits import STALE_UPLOAD_SECONDS
from jobs.each_import import for_each

log = logging.getLogger(__name__)

SWEEP_SECONDS = 20
"""How often Redis is searched for what it holds of imports that have ended or are unknown."""

UPLOADS_SWEEP_SECONDS = 3600
"""How often S3 is asked for uploads that nobody finishes: each asking costs a request or more."""

UNKNOWN_UPLOAD_DAYS = 7
"""So old must an upload be whose import the database does not know: a bucket may be shared. Of a corrected file
nothing in the database says that it is on its way."""

UNCLEAN = Import.cleaned_at.is_(None) | Import.deleted_at.is_not(None)
"""What the index of imports that are still to be cleared says."""

CLEANED_AT_ONCE = 100
"""Imports of one pass; those that cannot be cleaned have their turn again after all others."""

COMPLETED_AT_ONCE = 500
"""Of completed imports, which are cleaned together; S3 deletes at most 1,000 files by one request."""

REFUSED_SECONDS = 60
"""So long files are deleted one by one after S3 has not deleted many at once."""

DELETE_SECONDS = 0.3
"""So long a pass deletes rows: dispatchers and workers have other work."""


class Clearing:
    """One pass after another over everything that is left."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._redis = services.redis
        self._next_sweep = self._next_uploads_sweep = time.monotonic()
        self._next_together = -math.inf
        self._cleaned_last = self._deleted_last = self._dropped_last = ""

    def run(self) -> None:
        """Clear what there is time for.

        Raises:
            RedisError, SQLAlchemyError, StorageError: a part is away; the next pass tries again.
        """
        self._give_up_stale_uploads()
        self._clean_completed()
        self._clean_ended()
        self._delete_deleted()
        self._drop_kept_files()
        if time.monotonic() >= self._next_sweep:
            self._drop_strays()
            self._next_sweep = time.monotonic() + SWEEP_SECONDS
        if time.monotonic() >= self._next_uploads_sweep:
            self._next_uploads_sweep = time.monotonic() + UPLOADS_SWEEP_SECONDS
            self._abort_unowned_uploads()

    def _give_up_stale_uploads(self) -> None:
        limit = datetime.now(UTC) - timedelta(seconds=STALE_UPLOAD_SECONDS)
        wanted = select(Import.id).where(Import.status == Status.UPLOADING, Import.upload_seen_at < limit)
        for_each(self._services, self._ids(wanted), _give_up_upload)

    def _clean_completed(self) -> None:
        """Clear what completed imports have left, for many at once; where S3 refuses that, not before a minute."""
        if time.monotonic() < self._next_together:
            return
        try:
            is_done = clean_all_completed(self._services, COMPLETED_AT_ONCE)
        except StorageError as error:
            is_done = False
            log.warning("completed imports are cleaned one by one: %s", error.message)
        if not is_done:
            self._next_together = time.monotonic() + REFUSED_SECONDS

    def _clean_ended(self) -> None:
        """Clear what ended imports have left in Redis and S3."""
        has_ended = and_(Import.status.in_(ENDED), is_upload_over())
        is_due = UNCLEAN & Import.cleaned_at.is_(None) & or_(has_ended, Import.status == Status.CANCELLING)
        self._cleaned_last = self._go_round(is_due, self._cleaned_last, self._clean)

    def _clean(self, session: Session, import_: Import) -> None:
        clean(session, self._services, import_)

    def _delete_deleted(self) -> None:
        """Delete some of what deleted imports have left in Postgres."""
        is_due = UNCLEAN & Import.deleted_at.is_not(None) & Import.cleaned_at.is_not(None)
        self._deleted_last = self._go_round(is_due, self._deleted_last, _delete)

    def _drop_kept_files(self) -> None:
        """Delete files that were kept of imports that ended early, once their time is over."""
        self._dropped_last = self._go_round(is_overdue(), self._dropped_last, self._drop)

    def _drop(self, session: Session, import_: Import) -> None:
        log.info("import %s: its file was kept until %s and is deleted", import_.id, import_.kept_until)
        drop_file(session, self._services, import_)

    def _go_round(self, is_due: ColumnElement[bool], last: str, step: Callable[[Session, Import], None]) -> str:
        """Apply a step to the imports that come next by their ids; return the last of them.

        So those for which it fails keep no others waiting, however many they are.
        """
        due = select(Import.id).where(is_due, Import.id > last).order_by(Import.id).limit(CLEANED_AT_ONCE)
        ids = self._ids(due)
        return for_each(self._services, ids, step) or ""

    def _ids(self, wanted: Select[str]) -> list[str]:
        with Session(self._services.engine) as session:
            return list(session.scalars(wanted))

    def _drop_strays(self) -> None:
        """Delete what Redis holds of imports that have ended or that there are not.

        A Redis that was set back, by a failover for example, holds checkpoints again. A worker that was late has
        shown failed jobs of a deleted import.
        """
        held = checkpoint.imports_with_checkpoint(self._redis)
        in_use = self._ids(select(Import.id).where(Import.id.in_(held), Import.cleaned_at.is_(None)))
        for import_id in held - set(in_use):
            checkpoint.take(self._redis, import_id)
        failed = queues.imports_with_failed_jobs(self._redis)
        known = self._ids(select(Import.id).where(Import.id.in_(failed)))
        for import_id in failed - set(known):
            forget_unknown(self._redis, import_id)

    def _abort_unowned_uploads(self) -> None:
        """Abort the multipart uploads of imports that have ended, or that are unknown for long."""
        uploads = list(self._services.storage.unfinished_uploads(OBJECT_PREFIX))
        ids = {import_of_key(upload.key) for upload in uploads}
        with Session(self._services.engine) as session:
            wanted = select(Import.id, is_upload_over(), Import.status != Status.CONVERTING)
            found = {row[0]: row for row in session.execute(wanted.where(Import.id.in_(ids)))}
        for upload in uploads:
            row = found.get(import_id := import_of_key(upload.key))
            if row is None or upload.key.startswith(corrected_prefix(import_id)):
                is_over = _is_old(upload)
            else:
                is_over = row[2] if upload.key.endswith(LINES) else row[1]
            if is_over:
                log.warning("the upload of %s, begun at %s, has no owner: aborted", upload.key, upload.begun_at)
                self._services.storage.abort_upload(upload.key, upload.upload_id)


def _is_old(upload: UnfinishedUpload) -> bool:
    return upload.begun_at < datetime.now(UTC) - timedelta(days=UNKNOWN_UPLOAD_DAYS)


def _give_up_upload(session: Session, import_: Import) -> None:
    log.warning("import %s: its upload broke off", import_.id)
    minutes = STALE_UPLOAD_SECONDS // 60
    try_move(
        session,
        import_.id,
        Status.STOPPED,
        only_from=[Status.UPLOADING],
        reason=Reason.UPLOAD_BROKE_OFF,
        detail=f"The upload broke off: no bytes came for {minutes} minutes. Upload the file again.",
    )


def _delete(session: Session, import_: Import) -> None:
    delete_for(session, import_, DELETE_SECONDS)
