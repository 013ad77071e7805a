"""Requeues of row jobs in RQ: they are retries, and noted as such in Postgres first (docs/design.md, rule 15)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from importer.control.retries import refuse_unless_it_takes_rows
from importer.ledger.retries import ask_for_rows
from importer.lifecycle.event_kinds import EventKind
from importer.lifecycle.events import record_in
from importer.models import Import, User
from importer.queue.queues import row_job_id, row_of
from importer.statuses import TAKES_ROWS


def note_requeue(session: Session, user: User, job_id: str) -> None:
    """Ask that the row of this job be tried again; a job of no row needs no note.

    Raises:
        RefusedTransitionError: its import was cancelled or stopped.
    """
    for import_, row_numbers in _rows_by_import(session, [job_id]):
        refuse_unless_it_takes_rows(import_)
        _ask(session, user, import_, row_numbers, with_discarded=True)


def note_requeues(session: Session, user: User, job_ids: Sequence[str]) -> list[str]:
    """Ask that the rows of these jobs be tried again, and return the jobs that may be requeued.

    As with “Retry all”, discarded rows are left alone, and rows of an import that takes no rows any more.
    """
    asked: set[str] = set()
    for import_, row_numbers in _rows_by_import(session, job_ids):
        if import_.status in TAKES_ROWS:
            rows = _ask(session, user, import_, row_numbers, with_discarded=False)
            asked |= {row_job_id(import_.id, number) for number in rows}
    return [job_id for job_id in job_ids if job_id in asked or row_of(job_id) is None]


def _rows_by_import(session: Session, job_ids: Iterable[str]) -> list[tuple[Import, list[int]]]:
    """The rows that these jobs try, by import; imports that are deleted have none."""
    rows: dict[str, list[int]] = defaultdict(list)
    for import_id, row_number in filter(None, map(row_of, job_ids)):
        rows[import_id].append(row_number)
    wanted = select(Import).where(Import.id.in_(rows.keys()), Import.deleted_at.is_(None))
    return [(import_, rows[import_.id]) for import_ in session.scalars(wanted.order_by(Import.sequence))]


def _ask(
    session: Session, user: User, import_: Import, row_numbers: Sequence[int], *, with_discarded: bool
) -> list[int]:
    """Ask for these rows in a transaction of its own, so that rows of one import wait for those of no other."""
    asked = ask_for_rows(session, import_, row_numbers, with_discarded=with_discarded)
    if asked:
        record_in(session, import_, EventKind.RETRIED, user.id, rows=len(asked))
    session.commit()
    return asked
