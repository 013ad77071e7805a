"""Where jobs of RQ come from: an import, and perhaps one of its rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from importer.models import Import
from importer.queue.queues import OF_IMPORT, row_of
from importer.statuses import ENDED_EARLY


class Origin(NamedTuple):
    """The import that a job belongs to.

    Attributes:
        row_number: of the row that it tries; None: it is at the import's file.
        has_ended_early: whether the import was cancelled or stopped: then no row of it is tried again.
    """

    import_id: str
    filename: str
    row_number: int | None
    has_ended_early: bool

    @property
    def refuses(self) -> bool:
        """Whether requeueing the job is refused."""
        return self.row_number is not None and self.has_ended_early


def origins_of(session: Session, job_ids: Iterable[str]) -> dict[str, Origin]:
    """Origins by the id of the job; a job whose import is gone, or that is none of ours, has none."""
    import_ids = {job_id: found[1] for job_id in job_ids if (found := OF_IMPORT.match(job_id))}
    wanted = select(Import.id, Import.filename, Import.status).where(Import.id.in_(set(import_ids.values())))
    imports = {row.id: row for row in session.execute(wanted.where(Import.deleted_at.is_(None)))}
    return {
        job_id: Origin(row.id, row.filename, _row_number(job_id), row.status in ENDED_EARLY)
        for job_id, import_id in import_ids.items()
        if (row := imports.get(import_id))
    }


def _row_number(job_id: str) -> int | None:
    row = row_of(job_id)
    return row[1] if row else None
