"""Removes what an ended import leaves in Redis and S3 but what is kept, and all that a deleted one leaves.

Every step may be repeated; recovery calls these until they have succeeded (docs/design.md, rule 17).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, CursorResult, func, or_, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from importer.errors import StorageError
from importer.health.causes import in_words
from importer.ledger.alterations import delete_alterations
from importer.ledger.corrections import delete_repairs, delete_some_corrections
from importer.ledger.failures import delete_failures_after
from importer.ledger.lines import delete_some_lines
from importer.ledger.rates import delete_points
from importer.ledger.retries import forget_retries
from importer.ledger.writers import delete_some_writers
from importer.lifecycle.events import delete_events
from importer.lifecycle.kept_files import keep_file, kept_key
from importer.lifecycle.transitions import try_move
from importer.models import Import
from importer.models.corrected_files import corrected_prefix
from importer.models.imports import lines_key, object_key
from importer.queue import checkpoint, queues
from importer.services import Services
from importer.statuses import ENDED, Status
from importer.time_limits import STALE_UPLOAD_SECONDS

log = logging.getLogger(__name__)

DELETE_IMPORT = text("""
DELETE FROM imports WHERE id = :id AND deleted_at IS NOT NULL AND cleaned_at IS NOT NULL
""")


def clean(session: Session, services: Services, import_: Import) -> None:
    """Clear Redis and S3 of an import that is ending or has ended, but for a file that is kept, and say so in
    Postgres.

    Raises:
        RedisError, StorageError: it has to be tried again.
    """
    if import_.status not in ENDED and import_.status != Status.CANCELLING:
        return
    is_deleted = import_.deleted_at is not None
    _take_checkpoint(session, services, import_)
    if is_deleted or import_.status != Status.COMPLETED:  # a completed import may have retries on the way
        forget_retries(session, import_)
        session.commit()
        queues.drop_slices(services.redis, import_.id, failed=is_deleted)
        queues.drop_conversions(services.redis, import_.id, failed=is_deleted)
        queues.drop_row_jobs(services.redis, import_.id, failed=is_deleted)
    keep_file(session, services, import_)
    _remove_file(services, import_)
    _note_cleaned(session, import_, as_deleted=is_deleted)


def clean_now(session: Session, services: Services, import_: Import) -> None:
    """Clean at once, so that nobody has to wait for it; where that fails, recovery does it within seconds."""
    try:
        clean(session, services, import_)
    except (RedisError, StorageError) as error:
        log.warning("import %s: cleaning up is left to recovery (%s)", import_.id, error)
        session.rollback()


def clean_completed(services: Services, import_id: str) -> None:
    """Clean an import that has just completed, unless others wait: then recovery cleans many at once.

    Where it fails, recovery does it too.
    """
    try:
        if queues.does_anything_wait(services.redis):
            return
        with Session(services.engine, expire_on_commit=False) as session:
            import_ = session.get(Import, import_id)
            if import_ is not None and import_.cleaned_at is None:
                clean(session, services, import_)
    except (RedisError, StorageError, SQLAlchemyError) as error:
        log.warning("import %s: cleaning up is left to recovery (%s)", import_id, in_words(error))


def clean_all_completed(services: Services, most: int) -> bool:
    """Clean so many imports that have completed, by a few commands for all of them.

    Returns:
        Whether all of these are clean; the others are to be cleaned one by one.

    Raises:
        RedisError, StorageError: they have to be tried again.
    """
    is_due = (Import.cleaned_at.is_(None), Import.status == Status.COMPLETED, Import.deleted_at.is_(None))
    due = select(Import.id, Import.converted_etag).where(*is_due).order_by(Import.id).limit(most)
    with services.engine.connect() as connection:
        found = {import_id: etag is not None for import_id, etag in connection.execute(due)}
    if not found:
        return True
    checkpoint.forget(services.redis, list(found))
    keys = {import_id: _keys_to_delete(services, import_id, is_converted=found[import_id]) for import_id in found}
    wanted = [key for several in keys.values() for key in several]
    deleted = services.storage.delete_all(wanted) if wanted else set()
    gone = [import_id for import_id in found if deleted.issuperset(keys[import_id])]
    with services.engine.begin() as connection:
        cleaned = update(Import).where(Import.id.in_(gone), Import.deleted_at.is_(None))
        connection.execute(cleaned.values(cleaned_at=func.now()))
    return len(gone) == len(found)


def _keys_to_delete(services: Services, import_id: str, *, is_converted: bool) -> list[str]:
    """The lines of a converted file can be made again, so they are not kept."""
    keys = [] if services.settings.keep_files else [object_key(import_id)]
    return [*keys, lines_key(import_id)] if is_converted else keys


def is_upload_over() -> ColumnElement[bool]:
    """Whether no more can come of an import's upload: it ended, or said nothing for so long that it is dead.

    Until then an import that was cancelled is not clean: whoever receives its file may begin another part, or be
    killed with the file just stored.
    """
    silent_since = datetime.now(UTC) - timedelta(seconds=STALE_UPLOAD_SECONDS)
    has_ended = or_(Import.uploaded_at.is_not(None), Import.upload_ended_at.is_not(None))
    return or_(has_ended, Import.upload_seen_at < silent_since)


def _remove_file(services: Services, import_: Import) -> None:
    kept = kept_key(import_)
    if import_.uploaded_at is None:
        services.storage.abort_uploads_of(import_.object_key)
        services.storage.delete(import_.object_key)
    elif kept != import_.object_key and (not services.settings.keep_files or import_.deleted_at is not None):
        services.storage.delete(import_.object_key)
    if import_.conversion is not None:  # its lines can be made again
        services.storage.abort_uploads_of(import_.lines_key)
        if kept != import_.lines_key:
            services.storage.delete(import_.lines_key)
    if import_.deleted_at is not None:
        _remove_corrected_files(services, import_)


def _remove_corrected_files(services: Services, import_: Import) -> None:
    """They come and go after the import has ended; whatever is left of them goes with it."""
    prefix = corrected_prefix(import_.id)
    for upload in services.storage.unfinished_uploads(prefix):
        services.storage.abort_upload(upload.key, upload.upload_id)
    for listed in services.storage.list_objects(prefix):
        for stored in listed:
            services.storage.delete(stored.key)


def _take_checkpoint(session: Session, services: Services, import_: Import) -> None:
    """Noted before, for the reply of taking it may be lost, and after, for a dispatcher may have moved it."""
    session.commit()  # the database ends a transaction that waits for long
    reached = checkpoint.read(services.redis, import_.id)
    if reached is not None:
        _note_dispatched(session, import_, reached.row_number)
        _note_read(session, import_, reached.offset)
    _note_dispatched(session, import_, checkpoint.take(services.redis, import_.id))


def _note_dispatched(session: Session, import_: Import, dispatched: int | None) -> None:
    if dispatched and dispatched > import_.dispatched_rows:
        reached = func.greatest(Import.dispatched_rows, dispatched)
        session.execute(update(Import).where(Import.id == import_.id).values(dispatched_rows=reached))
        session.commit()


def _note_read(session: Session, import_: Import, offset: int) -> None:
    """From how much of the file was read, pages tell which share of it an import has done that ended early."""
    if import_.total_rows is None:
        session.execute(update(Import).where(Import.id == import_.id).values(read_bytes=offset))
        session.commit()


def _note_cleaned(session: Session, import_: Import, *, as_deleted: bool) -> None:
    """Unless it was deleted meanwhile: then more is to be cleaned."""
    if import_.status == Status.CANCELLING:
        try_move(session, import_.id, Status.CANCELLED)
    still = Import.deleted_at.is_not(None) if as_deleted else Import.deleted_at.is_(None)
    cleaned = update(Import).where(Import.id == import_.id, still, is_upload_over()).values(cleaned_at=func.now())
    session.execute(cleaned.execution_options(synchronize_session=False))
    session.commit()


def delete_for(session: Session, import_: Import, seconds: float) -> bool:
    """Delete a deleted import that is clean: its failed rows, its ledger, and at the end the import itself.

    Each portion is committed, and takes no notable time. No batch adds to them: it waits for the import's row, and
    finds it deleted (`importer.ledger.counters`).

    Args:
        seconds: after so long no further portion is begun.

    Returns:
        Whether nothing is left of it.
    """
    if not delete_rows_for(session, import_.sequence, seconds):
        return False
    deleted = cast(CursorResult[Any], session.execute(DELETE_IMPORT, {"id": import_.id}))
    session.commit()
    return deleted.rowcount == 1


def delete_rows_for(session: Session, sequence: int, seconds: float) -> bool:
    """Delete all rows that tell of a deleted import, as `delete_for` does; say whether nothing is left."""
    until = time.monotonic() + seconds
    for _ in _deletions(session, sequence):
        session.commit()
        if time.monotonic() > until:
            return False
    return True


def _deletions(session: Session, sequence: int) -> Iterator[None]:
    """Delete one portion after the other, until none is left."""
    reached = 0
    while (last := delete_failures_after(session.connection(), sequence, reached)) is not None:
        reached = last
        yield
    while delete_some_lines(session.connection(), sequence):
        yield
    while delete_some_writers(session.connection(), sequence):
        yield
    while delete_some_corrections(session.connection(), sequence):
        yield
    for delete in (delete_repairs, delete_alterations, delete_events, delete_points):
        if delete(session.connection(), sequence):
            yield


def forget_unknown(redis: Redis, import_id: str) -> None:
    """Clear Redis of an import that the database does not know."""
    checkpoint.take(redis, import_id)
    queues.drop_slices(redis, import_id, failed=True)
    queues.drop_conversions(redis, import_id, failed=True)
    queues.drop_row_jobs(redis, import_id, failed=True)
