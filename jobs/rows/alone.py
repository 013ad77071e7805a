"""One row job, run by itself: what RQ's own worker does when it is pointed at `low`."""

from __future__ import annotations

from jobs.process import services
from jobs.rows.batch import Batches
from jobs.rows.job import RowJob
from jobs.rows.outcomes import ImportGoneError, RowFailedError


def import_alone(row: RowJob) -> None:
    """Let one row take effect.

    Raises:
        RowFailedError: it failed, so that RQ shows its job as failed.
    """
    try:
        applied = Batches(services()).apply(row.import_id, [row])
    except ImportGoneError:
        return
    for failure in applied.failures:
        raise RowFailedError(f"Row {row.row_number} (line {row.line_number}): {failure.code}.")
