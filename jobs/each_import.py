"""One step for each of many imports, so that none holds up the others: neither by failing nor by their number."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from importer.errors import ImporterError
from importer.models import Import
from importer.services import Services
from jobs.database_errors import is_connection_lost

log = logging.getLogger(__name__)

STEP_SECONDS = 1.0
"""No further import is begun after so long: the next pass goes on, and the process has other work."""


def for_each(services: Services, import_ids: Iterable[str], step: Callable[[Session, Import], None]) -> str | None:
    """Apply a step to imports for a second; where it fails for one, the others still have their turn.

    Returns:
        The import handled last, None where there is none.

    Raises:
        RedisError, SQLAlchemyError: Redis or the database is away, which concerns them all.
    """
    until, last = time.monotonic() + STEP_SECONDS, None
    with Session(services.engine, expire_on_commit=False) as session:
        for import_id in import_ids:
            if last is not None and time.monotonic() > until:
                break
            last = import_id
            try:
                import_ = session.get(Import, import_id, populate_existing=True)
                if import_ is not None:
                    step(session, import_)
                session.commit()
            except RedisError:
                raise
            except Exception as error:  # raised, it would end the worker's loop again and again
                if is_connection_lost(error):
                    raise
                session.rollback()
                _log(import_id, error)
    return last


def _log(import_id: str, error: Exception) -> None:
    if isinstance(error, ImporterError | DBAPIError):
        log.warning("import %s: recovery: %s", import_id, str(error).partition("\n")[0])
    else:
        log.error("import %s: recovery failed", import_id, exc_info=error)
