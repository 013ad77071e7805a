"""What RQ runs on `high`: one slice of an import, and what is done when something is away or wrong."""

from __future__ import annotations

import logging

from redis.exceptions import RedisError
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from importer.errors import StorageError
from importer.health.causes import in_words
from importer.lifecycle.transitions import try_move
from importer.models import Import
from importer.queue import checkpoint, queues
from importer.services import Services
from importer.statuses import UNFINISHED, Reason, Status
from importer.time_limits import SLICE_SETBACK_SECONDS
from jobs import process
from jobs.database_errors import Fault, fault_of
from jobs.dispatcher.slice import Slice

log = logging.getLogger(__name__)

MAX_FAILED_SLICES = 5


def run_slice(version: int, import_id: str) -> None:
    """Dispatch one import for a few seconds.

    Args:
        version: of these arguments; a job of another release is put back for a dispatcher of that release.
    """
    services = process.services()
    has_lost = False
    try:
        if version != queues.ARGUMENTS_VERSION:
            _put_back(services, version, import_id)
            return
        slice_ = Slice(services, import_id)
        goes_on, has_lost = slice_.run(), slice_.has_lost
    except (RedisError, StorageError) as error:
        goes_on = _set_back(import_id, error)
    except DBAPIError as error:
        if fault_of(error) not in (Fault.NOBODY, Fault.TIMEOUT):
            _note_failure(services, import_id, error)
            raise
        goes_on = _set_back(import_id, error)
    except Exception as error:
        _note_failure(services, import_id, error)
        raise
    if goes_on:
        queues.enqueue_slice(services.redis, import_id)
    if not has_lost:
        _drop_lease(services, import_id)


def _drop_lease(services: Services, import_id: str) -> None:
    """Leave the import; a lease that cannot be dropped lapses by itself."""
    try:
        checkpoint.drop_lease(services.redis, import_id)
    except RedisError as error:
        log.warning("import %s: its lease lapses by itself: %s", import_id, in_words(error))


def _put_back(services: Services, version: int, import_id: str) -> None:
    """Enqueue a slice of another release again, for a dispatcher of that release, until its import has ended."""
    with Session(services.engine) as session:
        status = session.scalar(select(Import.status).where(Import.id == import_id))
    if status not in UNFINISHED:
        log.warning("slice of import %s has arguments of version %s; the import has ended", import_id, version)
        return
    log.warning("slice of import %s has arguments of version %s; put back", import_id, version)
    process.stop_requested.wait(SLICE_SETBACK_SECONDS)
    queues.enqueue_slice(services.redis, import_id, version=version)


def _set_back(import_id: str, error: Exception) -> bool:
    log.warning("import %s: dispatching waits: %s", import_id, in_words(error))
    process.stop_requested.wait(SLICE_SETBACK_SECONDS)
    return True


def _note_failure(services: Services, import_id: str, error: Exception) -> None:
    """Count an error that nobody expected; recovery tries again, but not for ever."""
    detail = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}."
    with Session(services.engine) as session:
        failed = session.scalar(
            update(Import)
            .where(Import.id == import_id)
            .values(failed_slices=Import.failed_slices + 1)
            .returning(Import.failed_slices)
        )
        if failed is not None and failed >= MAX_FAILED_SLICES:
            try_move(session, import_id, Status.STOPPED, reason=Reason.DISPATCHER_FAILED, detail=detail)
        session.commit()
