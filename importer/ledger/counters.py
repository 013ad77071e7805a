"""The one statement that moves an import's counters and, with them, its status.

Completion is decided inside it, so that no order of events can miss it (docs/design.md, rule 10). A move of the
status is written into the import's history too; the kind of that event is called by the status. Where no row is
returned, the import takes no rows any more, and the caller's transaction must roll back.

The time that an import is running is counted here too, from one batch to the next, and at first from when a
dispatcher took the import up. So neither pauses nor waiting for a dispatcher count, and of a time in which no
worker lived `LONGEST_GAP_SECONDS` at most. It goes by the clock: `now()` is when a batch's transaction began.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import NamedTuple

from sqlalchemy import Connection, text

from importer.statuses import AT_WORK, DISPATCHED, REASONS, TAKES_ROWS, UNFINISHED, Reason, Status
from importer.time_limits import ALIVE_SECONDS

LONGEST_GAP_SECONDS = ALIVE_SECONDS
"""Between two batches of an import at work. After a longer one every worker counted as dead meanwhile."""

SETTLE = text("""
WITH current AS (
    SELECT id, status, failed_rows + :failed AS failed, allowed_failed_rows,
        created_rows + updated_rows + unchanged_rows + superseded_rows + failed_rows + :ended AS ended,
        COALESCE(:total, total_rows) AS total
    FROM imports
    WHERE id = :import_id AND deleted_at IS NULL AND status = ANY(:takes_rows)
        AND (status = ANY(:unfinished) OR :ended = 0)
        AND (:failed <= 0 OR failed_rows + :failed <= allowed_failed_rows + :overrun)
    FOR UPDATE
), verdict AS (
    SELECT id, total, CASE
        WHEN status = ANY(:unfinished) AND ended = total THEN 'completed'
        WHEN status = ANY(:dispatched) AND failed > allowed_failed_rows THEN 'pausing'
    END AS move
    FROM current
), moved AS (
    UPDATE imports SET
        created_rows = created_rows + :created,
        updated_rows = updated_rows + :updated,
        unchanged_rows = unchanged_rows + :unchanged,
        superseded_rows = superseded_rows + :superseded,
        failed_rows = failed_rows + :failed,
        empty_cells_kept = empty_cells_kept + :empty_cells_kept,
        empty_cells_cleared = empty_cells_cleared + :empty_cells_cleared,
        total_rows = total,
        dispatched_rows = GREATEST(dispatched_rows, total),
        status = COALESCE(move, status),
        reason_code = CASE move WHEN 'completed' THEN NULL WHEN 'pausing' THEN :reason_code ELSE reason_code END,
        reason = CASE move WHEN 'completed' THEN NULL WHEN 'pausing' THEN :reason ELSE reason END,
        finished_at = CASE move WHEN 'completed' THEN clock_timestamp() ELSE finished_at END,
        seconds_running = seconds_running + CASE WHEN status = ANY(:at_work) THEN
            GREATEST(0, LEAST(:longest_gap, EXTRACT(EPOCH FROM clock_timestamp() - COALESCE(timed_until, now()))))
            ELSE 0 END,
        timed_until = clock_timestamp()
    FROM verdict
    WHERE imports.id = verdict.id
    RETURNING sequence, status, move, imports.failed_rows, seconds_running,
        created_rows + updated_rows + unchanged_rows + superseded_rows AS imported_rows
), event AS (
    INSERT INTO events (import_sequence, kind, details)
    SELECT sequence, move, CASE move
        WHEN 'completed' THEN
            jsonb_build_object('imported', imported_rows, 'failed', failed_rows, 'seconds', seconds_running)
        ELSE jsonb_build_object('reason', CAST(:reason AS text)) END
    FROM moved
    WHERE move IS NOT NULL
)
SELECT status, failed_rows FROM moved
""")

IS_UNFINISHED = text("""
SELECT EXISTS (SELECT FROM imports WHERE id = :import_id AND deleted_at IS NULL AND status = ANY(:unfinished))
""")


@dataclass(frozen=True)
class Change:
    """By how much each counter moves: rows, and cells; `failed` is negative where a retried row was imported."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    superseded: int = 0
    failed: int = 0
    empty_cells_kept: int = 0
    empty_cells_cleared: int = 0

    @property
    def ended(self) -> int:
        return self.created + self.updated + self.unchanged + self.superseded + self.failed


class ImportState(NamedTuple):
    """An import after its counters moved."""

    status: Status
    failed_rows: int


def settle(
    connection: Connection, import_id: str, change: Change, *, total: int | None = None, overrun: int = 0
) -> ImportState | None:
    """Move the counters; write the total where the file was read to its end.

    Args:
        overrun: so many rows more than the import may have failed may fail until it is paused: those that were
            queued when it reached that number.

    Returns:
        How it stands then, or None where nothing was changed: the import is gone, was cancelled or stopped, or
        is completed and a row would end in it that has ended before, or too many rows would have failed.
    """
    found = connection.execute(
        SETTLE,
        {
            **asdict(change),
            "import_id": import_id,
            "ended": change.ended,
            "total": total,
            "overrun": overrun,
            "unfinished": list(UNFINISHED),
            "takes_rows": list(TAKES_ROWS),
            "dispatched": list(DISPATCHED),
            "at_work": list(AT_WORK),
            "longest_gap": LONGEST_GAP_SECONDS,
            "reason_code": str(Reason.TOO_MANY_FAILED),
            "reason": REASONS[Reason.TOO_MANY_FAILED],
        },
    ).one_or_none()
    return None if found is None else ImportState(Status(found.status), found.failed_rows)


def is_unfinished(connection: Connection, import_id: str) -> bool:
    """Whether rows of the import may still have to end."""
    parameters = {"import_id": import_id, "unfinished": list(UNFINISHED)}
    return bool(connection.execute(IS_UNFINISHED, parameters).scalar_one())
