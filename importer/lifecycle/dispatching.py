"""Sets a dispatcher to work on an import, by a checkpoint and a slice on `high`; or a converter."""

from __future__ import annotations

import logging

from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from importer.ledger.lines import highest_row
from importer.models import Import
from importer.queue import checkpoint, queues
from importer.services import Services
from importer.statuses import UNFINISHED

log = logging.getLogger(__name__)


def dispatch(session: Session, services: Services, import_: Import) -> None:
    """Give the import a checkpoint if it has none, and its dispatcher a slice.

    Where Redis is away this is left to recovery: the import is queued, and that is in Postgres.
    """
    try:
        begin_at_first_row(session, services, import_)
        queues.enqueue_slice(services.redis, import_.id)
    except RedisError as error:
        log.warning("import %s: Redis refused its dispatcher (%s); recovery will enqueue it", import_.id, error)


def convert(session: Session, services: Services, import_: Import) -> None:
    """Give the import's file to a converter; the import is converting, and that is committed.

    Where Redis is away this is left to recovery.
    """
    try:
        queues.enqueue_conversion(services.redis, import_.id)
    except RedisError as error:
        log.warning("import %s: Redis refused its conversion (%s); recovery will enqueue it", import_.id, error)


def begin_at_first_row(session: Session, services: Services, import_: Import) -> bool:
    """Put the checkpoint before the first row, unless there is one; say whether there was none.

    Rows that the ledger knows are skipped: their highest number goes into the checkpoint. An import that ended
    meanwhile gets none.
    """
    is_new = checkpoint.create(
        services.redis,
        import_.id,
        line=import_.rows_line,
        offset=import_.rows_offset,
        known_row=highest_row(session.connection(), import_.sequence) if import_.ended_rows else 0,
    )
    if is_new:
        session.refresh(import_, ["status"])
        if import_.status not in UNFINISHED:
            checkpoint.take(services.redis, import_.id)
    return is_new
