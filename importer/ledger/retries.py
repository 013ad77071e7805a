"""Failed rows whose retry was asked for: which they are, and the end of those that cannot be tried.

All failed rows of an import may be many: who asks for them notes it in the import alone, and the dispatcher asks
for one portion after the other (`ask_for_portion`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, cast

from sqlalchemy import func, null, or_, select, text, update
from sqlalchemy.orm import Session

from importer.errors import shortened
from importer.ledger.planning import use_indexes
from importer.ledger.repairs import end_repairs, repaired
from importer.models import FailedRow, Import
from importer.statuses import TAKES_ROWS, Reason

ROWS_PER_PORTION = 2_000
"""Failed rows asked for by one statement: so few that it takes no notable time, whatever their size."""

ASK_FOR_PORTION = text("""
WITH wanted AS (
    SELECT id, sequence, retry_after FROM imports WHERE id = :import_id AND retry_after IS NOT NULL
), portion AS (
    SELECT failed.import_sequence, failed.row_number
    FROM wanted JOIN failed_rows AS failed
        ON failed.import_sequence = wanted.sequence AND failed.row_number > wanted.retry_after
            AND failed.discarded_at IS NULL
    ORDER BY failed.row_number
    LIMIT :rows
    FOR UPDATE OF failed
), asked AS (
    UPDATE failed_rows SET retry_requested_at = now() FROM portion
    WHERE failed_rows.import_sequence = portion.import_sequence AND failed_rows.row_number = portion.row_number
    RETURNING failed_rows.row_number
), reached AS (
    SELECT count(*) AS rows, max(row_number) AS last FROM asked
)
UPDATE imports SET
    retry_after = CASE WHEN reached.rows = :rows THEN reached.last END,
    retries_to_ask = CASE WHEN reached.rows = :rows THEN GREATEST(retries_to_ask - reached.rows, 0) ELSE 0 END
FROM wanted, reached
WHERE imports.id = wanted.id AND imports.retry_after = wanted.retry_after
RETURNING wanted.retry_after
""")

ASK_FOR_ROWS = text("""
WITH wanted AS (
    SELECT import_sequence, row_number FROM failed_rows
    WHERE import_sequence = :sequence AND row_number = ANY(:row_numbers)
        AND (:with_discarded OR discarded_at IS NULL)
    ORDER BY row_number
    FOR UPDATE
)
UPDATE failed_rows SET retry_requested_at = now(), discarded_at = NULL FROM wanted
WHERE failed_rows.import_sequence = wanted.import_sequence AND failed_rows.row_number = wanted.row_number
RETURNING failed_rows.row_number
""")


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


def ask_for_all(session: Session, import_: Import) -> int:
    """Note that all failed rows of an import are to be tried again, but discarded ones; return how many fail."""
    values = {"retry_after": 0, "retries_to_ask": Import.failed_rows}
    asked = update(Import).where(Import.id == import_.id, Import.failed_rows > 0).values(values)
    return session.scalar(asked.returning(Import.retries_to_ask)) or 0


def ask_for_rows(
    session: Session, import_: Import, row_numbers: Sequence[int], *, with_discarded: bool = True
) -> list[int]:
    """Ask that these rows be tried again, and return those of them that are failed rows.

    They are locked in the order in which batches lock them.

    Args:
        with_discarded: whether discarded rows are tried as well, and are discarded no more.
    """
    wanted = {"sequence": import_.sequence, "row_numbers": list(row_numbers), "with_discarded": with_discarded}
    return list(session.scalars(ASK_FOR_ROWS, wanted))


def ask_for_portion(session: Session, import_id: str) -> int | None:
    """Ask for the next of all failed rows of an import.

    Failed rows are locked in the order of rows and before the import, as batches lock them.

    Returns:
        The row number after which they come; None where nobody wants all of them tried, or there is none left.
    """
    use_indexes(session.connection())
    asked = session.execute(ASK_FOR_PORTION, {"import_id": import_id, "rows": ROWS_PER_PORTION}).scalar()
    session.commit()
    return cast(int | None, asked)


def forget_retries(session: Session, import_: Import) -> None:
    """Nobody is to wait for retries of this import any more, or for its repairs, which are locked first."""
    end_repairs(session, import_.sequence, "The import was cancelled or stopped.")
    session.execute(update(Import).where(Import.id == import_.id).values(retry_after=None, retries_to_ask=0))
    asked = (FailedRow.import_sequence == import_.sequence, FailedRow.retry_requested_at.is_not(None))
    session.execute(update(FailedRow).where(*asked).values(retry_requested_at=None))


def count_requested(session: Session, import_: Import) -> int:
    """How many failed rows wait for their retry, asked for or still to be asked for."""
    asked = (FailedRow.import_sequence == import_.sequence, FailedRow.retry_requested_at.is_not(None))
    counted = select(func.count()).select_from(FailedRow).where(*asked).scalar_subquery()
    return session.scalar(select(counted + Import.retries_to_ask).where(Import.id == import_.id)) or 0


def imports_with_retries(session: Session, *, requested_before: datetime) -> list[str]:
    """Imports of which failed rows were to be tried again before a moment, or are still to be asked for or changed
    by a rule."""
    waiting = select(FailedRow.import_sequence).where(FailedRow.retry_requested_at < requested_before).distinct()
    wanted = or_(Import.retry_after.is_not(None), Import.sequence.in_(waiting), Import.sequence.in_(repaired()))
    takes_rows = Import.status.in_(TAKES_ROWS) & Import.deleted_at.is_(None)
    return list(session.scalars(select(Import.id).where(wanted, takes_rows)))


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
        .values(
            retry_requested_at=None,
            code=Reason.RECORD_TYPE_BROKEN,
            message=shortened(detail),
            column_name=None,
            faults=null(),
        )
        .execution_options(synchronize_session=False)
    )
