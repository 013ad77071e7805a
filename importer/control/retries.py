"""Asks for retries of failed rows."""

from __future__ import annotations

import logging

from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from importer.errors import RefusedTransitionError
from importer.ledger.retries import ask_for_all, ask_for_row
from importer.models import Import
from importer.queue import checkpoint, queues
from importer.services import Services
from importer.statuses import TAKES_ROWS

log = logging.getLogger(__name__)


def retry(session: Session, services: Services, import_: Import, row_number: int | None = None) -> int:
    """Ask that one failed row, or all of them, be tried again; return how many.

    Raises:
        RefusedTransitionError: the import was cancelled or stopped.
    """
    if import_.status not in TAKES_ROWS:
        raise RefusedTransitionError(
            f"Import {import_.id} is {import_.status}: its failed rows cannot be retried."
        )
    count = ask_for_all(session, import_) if row_number is None else ask_for_row(session, import_, row_number)
    session.commit()
    if count:
        enqueue_retries(services, import_)
    return count


def enqueue_retries(services: Services, import_: Import) -> None:
    """Let a dispatcher take up what is to be tried again, at once where Redis answers, else within seconds."""
    try:
        if not checkpoint.is_leased(services.redis, import_.id):
            queues.enqueue_slice(services.redis, import_.id)
    except RedisError as error:
        log.warning("import %s: retries are left to recovery (%s)", import_.id, error)
