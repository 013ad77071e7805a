"""Asks for retries of failed rows."""

from __future__ import annotations

import logging

from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from importer.errors import RefusedTransitionError
from importer.ledger.retries import ask_for_all, ask_for_rows
from importer.lifecycle.event_kinds import EventKind
from importer.lifecycle.events import record_in
from importer.models import Import, User
from importer.queue import checkpoint, queues
from importer.services import Services
from importer.statuses import TAKES_ROWS

log = logging.getLogger(__name__)


def retry(session: Session, services: Services, import_: Import, user: User, row_number: int | None = None) -> int:
    """Ask that one failed row, or all of them, be tried again; return how many.

    Raises:
        RefusedTransitionError: the import was cancelled or stopped.
    """
    refuse_unless_it_takes_rows(import_)
    count = (
        ask_for_all(session, import_) if row_number is None else len(ask_for_rows(session, import_, [row_number]))
    )
    if count:
        record_in(session, import_, EventKind.RETRIED, user.id, rows=count)
    session.commit()
    if count:
        enqueue_retries(services, import_)
    return count


def refuse_unless_it_takes_rows(import_: Import) -> None:
    """
    Raises:
        RefusedTransitionError: the import was cancelled or stopped.
    """
    if import_.status not in TAKES_ROWS:
        raise RefusedTransitionError(
            f"Import {import_.id} is {import_.status}: its failed rows cannot be retried."
        )


def enqueue_retries(services: Services, import_: Import) -> None:
    """Let a dispatcher push the rows whose retry was asked for; where Redis is away recovery does it later."""
    try:
        if not checkpoint.is_leased(services.redis, import_.id):
            queues.enqueue_slice(services.redis, import_.id)
    except RedisError as error:
        log.warning("import %s: retries are left to recovery (%s)", import_.id, error)
