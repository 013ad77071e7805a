"""Failed rows whose retry was asked for: which they are, and the end of those that cannot be tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from importer.models import FailedRow, Import
from importer.statuses import Reason


class Requested(NamedTuple):
    """A failed row that is to be tried again.

    Attributes:
        attempt: the number of that try.
        size: bytes of its cells, which whoever tries it has to read.
    """

    row_number: int
    line_number: int
    attempt: int
    size: int


def requested(session: Session, sequence: int, *, after: int, limit: int) -> list[Requested]:
    """The next failed rows of an import whose retry was asked for, in the order of the file."""
    size = func.octet_length(FailedRow.cells)
    found = session.execute(
        select(FailedRow.row_number, FailedRow.line_number, FailedRow.attempts + 1, size)
        .where(FailedRow.import_sequence == sequence, FailedRow.row_number > after)
        .where(FailedRow.retry_requested_at.is_not(None))
        .order_by(FailedRow.row_number)
        .limit(limit)
    )
    return [Requested(*row) for row in found]


def refuse_retries(session: Session, import_id: str, row_numbers: Sequence[int], detail: str) -> None:
    """These rows stay failed, because the record type is broken; only where their retry was asked for."""
    sequence = select(Import.sequence).where(Import.id == import_id).scalar_subquery()
    session.execute(
        update(FailedRow)
        .where(FailedRow.import_sequence == sequence, FailedRow.row_number.in_(row_numbers))
        .where(FailedRow.retry_requested_at.is_not(None))
        .values(retry_requested_at=None, code=Reason.RECORD_TYPE_BROKEN, message=detail, column_name=None)
        .execution_options(synchronize_session=False)
    )
