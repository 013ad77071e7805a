"""What is kept in Postgres of a conversion that ended as it should not: how often, and when that is enough."""

from __future__ import annotations

import logging
import os
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
    with Session(services.engine) as session:
        found = session.execute(
            select(Import.conversion)
            .where(Import.id == import_id, Import.status == Status.CONVERTING)
            .with_for_update()
        ).one_or_none()
        if found is None:
            return 0
        kept: dict[str, Any] = dict(found.conversion or {})
        kept[name] = kept.get(name, 0) + by
        session.execute(update(Import).where(Import.id == import_id).values(conversion=kept))
        session.commit()
    counted: int = kept[name]
    return counted


def stop(services: Services, import_id: str, detail: str, reason: Reason = Reason.FILE_REFUSED) -> None:
    """Stop an import whose file cannot be converted, and clean up."""
    log.error("import %s: its file is not converted: %s", import_id, detail)
    with Session(services.engine, expire_on_commit=False) as session:
        try_move(session, import_id, Status.STOPPED, only_from=[Status.CONVERTING], reason=reason, detail=detail)
        session.commit()
        import_ = session.get(Import, import_id)
        if import_ is not None:
            clean_now(session, services, import_)
