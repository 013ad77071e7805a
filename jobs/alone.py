"""One row job, run by itself: what RQ's own worker does when it is pointed at `low`."""

from __future__ import annotations

from jobs.applying import Batches
from jobs.outcomes import ImportGoneError, RowFailedError
from jobs.process import services
from jobs.row_job import RowJob


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
