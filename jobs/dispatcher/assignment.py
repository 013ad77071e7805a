"""What a slice has to do: its import as it stands when the slice begins."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Engine, Row, bindparam, func, select
from sqlalchemy.orm import Session

from importer.ledger.repairs import has_unfinished_repairs
from importer.ledger.retries import Requested, requested
from importer.lifecycle.stored_rows import StoredRows
from importer.lifecycle.transitions import try_move
from importer.models import Import
from importer.queue.checkpoint import Checkpoint
from importer.statuses import DISPATCHED, TAKES_ROWS, Status
from jobs.dispatcher.pusher import ROWS_PER_PUSH

WANTED = select(
    Import.status,
    Import.sequence,
    Import.etag,
    Import.converted_etag,
    func.jsonb_array_length(Import.columns).label("width"),
    Import.profile,
    Import.total_rows,
    Import.failed_rows,
    Import.retry_after,
    has_unfinished_repairs().label("is_repaired"),
).where(Import.id == bindparam("id"), Import.status.in_(TAKES_ROWS), Import.deleted_at.is_(None))


class Assignment(NamedTuple):
    """An import that takes rows.

    Attributes:
        stored: its rows in S3.
        asks_for_more: all failed rows are to be tried again, and not all have been asked for.
        is_repaired: some of its repairs are to be carried out.
        retries: the first of those whose retry was asked for.
        reached: from where rows of the file are to be dispatched. None where they all have been, where the import
            is paused, and where Redis has forgotten it: then recovery rewinds.
    """

    import_id: str
    sequence: int
    stored: StoredRows
    asks_for_more: bool
    is_repaired: bool
    retries: list[Requested]
    reached: Checkpoint | None


def take_up(engine: Engine, import_id: str, reached: Checkpoint | None) -> Assignment | None:
    """What is to be done for an import, which is running from now on if rows of its file are left; None: nothing.

    Args:
        reached: its checkpoint.
    """
    with Session(engine) as session:
        found = session.execute(WANTED, {"id": import_id}).one_or_none()
        if found is None:
            return None
        retries = requested(session, found.sequence, after=0, limit=ROWS_PER_PUSH) if found.failed_rows else []
        left = reached if reached is not None and _is_left(found, reached) else None
        if left and found.status == Status.QUEUED:
            started = func.coalesce(Import.started_at, func.now())
            try_move(session, import_id, Status.RUNNING, started_at=started)
        session.commit()
    return Assignment(
        import_id,
        found.sequence,
        StoredRows.from_columns(import_id, found.etag, found.converted_etag, found.width or 0, found.profile),
        asks_for_more=found.retry_after is not None,
        is_repaired=found.is_repaired,
        retries=retries,
        reached=left,
    )


def _is_left(found: Row[Any], reached: Checkpoint) -> bool:
    """Whether rows of the file are to be dispatched."""
    is_read = found.total_rows is not None and reached.row_number >= found.total_rows
    return found.status in DISPATCHED and not is_read
