"""Asks for retries of failed rows."""

from __future__ import annotations

import logging
from typing import Any, cast

from redis.exceptions import RedisError
from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import Session

from importer.errors import RefusedTransitionError
from importer.models import FailedRow, Import
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
    of_import = FailedRow.import_sequence == import_.sequence
    wanted = select(FailedRow.row_number).where(of_import)
    if row_number is not None:
        wanted = wanted.where(FailedRow.row_number == row_number)
    # Locked in the order of rows, as other retries lock and batches save them, so that deadlocks are rare.
    in_order = wanted.order_by(FailedRow.row_number).with_for_update().cte()
    marked = session.execute(
        update(FailedRow)
        .where(of_import, FailedRow.row_number.in_(select(in_order.c.row_number)))
        .values(retry_requested_at=func.now())
        .execution_options(synchronize_session=False)
    )
    session.commit()
    count = cast(CursorResult[Any], marked).rowcount
    if count:
        _enqueue_retries(services, import_)
    return count


def _enqueue_retries(services: Services, import_: Import) -> None:
    try:
        if not checkpoint.is_leased(services.redis, import_.id):
            queues.enqueue_slice(services.redis, import_.id)
    except RedisError as error:
        log.warning("import %s: retries are left to recovery (%s)", import_.id, error)
