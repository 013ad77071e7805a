"""What is kept in Postgres of a conversion that ended as it should not: how often, and when that is enough."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from importer.lifecycle.cleaning import clean_now
from importer.lifecycle.transitions import try_move
from importer.models import Import
from importer.services import Services
from importer.statuses import Reason, Status

log = logging.getLogger(__name__)

MAX_DEATHS = 3
"""A file over which so many converting processes have died stops its import."""

MAX_ATTEMPTS = 20
"""So often a conversion is begun at most: whatever kills the converter itself counts no death. One that finds
Redis or S3 away counts as not begun."""

DIED = (
    "The process that converts the file died {deaths} times ({how}). The file is damaged, or needs more memory"
    " than a converter has. Save its table as “CSV UTF-8”, and upload that file."
)


def note_death(services: Services, import_id: str, status: int) -> bool:
    """Count a death of the converting process; say whether the conversion is to begin anew.

    Args:
        status: of the process, as `os.waitpid` gives it.
    """
    how = (
        f"signal {os.WTERMSIG(status)}"
        if os.WIFSIGNALED(status)
        else f"status {os.waitstatus_to_exitcode(status)}"
    )
    deaths = count(services, import_id, "deaths")
    log.error("import %s: the process that converts its file died: %s (%s times by now)", import_id, how, deaths)
    if deaths < MAX_DEATHS:
        return deaths > 0
    stop(services, import_id, DIED.format(deaths=deaths, how=how))
    return False


def count(services: Services, import_id: str, name: str, *, by: int = 1) -> int:
    """Count something of a conversion, as part of `imports.conversion`; 0 where the import is not converting."""

    def counted(kept: dict[str, Any]) -> dict[str, Any]:
        return {name: kept.get(name, 0) + by}

    result: int = _change(services, import_id, counted).get(name, 0)
    return result


def note_setback(services: Services, import_id: str, why: str) -> None:
    """Keep what set a conversion back: it is told of the import until the conversion comes to its end."""
    _change(services, import_id, lambda _: {"told": [why]})


def last_setback(services: Services, import_id: str) -> str | None:
    """What `note_setback` kept last; None where nothing was."""
    with Session(services.engine) as session:
        kept = session.scalar(select(Import.conversion).where(Import.id == import_id)) or {}
    return next(iter(kept.get("told", ())), None)


def _change(
    services: Services, import_id: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """Change what is kept of a conversion; return it, nothing where the import is not converting.

    Args:
        change: gives the new parts, by what is kept so far.
    """
    with Session(services.engine) as session:
        found = session.execute(
            select(Import.conversion)
            .where(Import.id == import_id, Import.status == Status.CONVERTING)
            .with_for_update()
        ).one_or_none()
        if found is None:
            return {}
        kept: dict[str, Any] = dict(found.conversion or {})
        kept |= change(kept)
        session.execute(update(Import).where(Import.id == import_id).values(conversion=kept))
        session.commit()
    return kept


def stop(services: Services, import_id: str, detail: str, reason: Reason = Reason.FILE_REFUSED) -> None:
    """Stop an import whose file cannot be converted, and clean up."""
    log.error("import %s: its file is not converted: %s", import_id, detail)
    with Session(services.engine, expire_on_commit=False) as session:
        try_move(session, import_id, Status.STOPPED, only_from=[Status.CONVERTING], reason=reason, detail=detail)
        session.commit()
        import_ = session.get(Import, import_id)
        if import_ is not None:
            clean_now(session, services, import_)
