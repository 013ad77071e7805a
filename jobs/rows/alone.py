"""One row job, run by itself: what RQ's own worker does when it is pointed at `low`."""

from __future__ import annotations

import json
from typing import Any

from jobs.process import services
from jobs.rows.batch import Batches
from jobs.rows.job import FUNCTION, KNOWN_VERSIONS, UnknownVersionError
from jobs.rows.outcomes import ImportGoneError, RowFailedError


def import_row(version: int, import_id: str, *row: Any, **attempt: int) -> None:
    """Import one row, as RQ's own worker would run its job; `RowWorker` runs many of them at once.

    Args:
        row, attempt: as `jobs.rows.job` writes them.

    Raises:
        UnknownVersionError: the job belongs to another release.
        RowFailedError: the row failed and is in `failed_rows`.
    """
    if version not in KNOWN_VERSIONS:
        raise UnknownVersionError(f"A row job of import {import_id} has arguments of version {version}.")
    data = json.dumps([FUNCTION, None, [version, import_id, *row], attempt]).encode()
    try:
        applied = Batches(services()).apply(import_id, [data])
    except ImportGoneError:
        return
    if applied.failures:
        row, code, *_ = applied.failures[0]
        raise RowFailedError(f"Row {row.row_number} (line {row.line_number}): {code}.")
