"""Where jobs of RQ come from: an import, and perhaps one of its rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from importer.models import Import
from importer.queue.queues import OF_IMPORT, row_of


class Origin(NamedTuple):
    """The import that a job belongs to.

    Attributes:
        row_number: of the row that it tries; None: it is at the import's file.
    """

    import_id: str
    filename: str
    row_number: int | None


def origins_of(session: Session, job_ids: Iterable[str]) -> dict[str, Origin]:
    """Origins by the id of the job; a job whose import is gone, or that is none of ours, has none."""
    import_ids = {job_id: found[1] for job_id in job_ids if (found := OF_IMPORT.match(job_id))}
    wanted = select(Import.id, Import.filename).where(Import.id.in_(set(import_ids.values())))
    names = {import_id: name for import_id, name in session.execute(wanted.where(Import.deleted_at.is_(None)))}  # noqa: C416 - dict() takes a result for a mapping
    return {
        job_id: Origin(import_id, names[import_id], _row_number(job_id))
        for job_id, import_id in import_ids.items()
        if import_id in names
    }


def _row_number(job_id: str) -> int | None:
    row = row_of(job_id)
    return row[1] if row else None
