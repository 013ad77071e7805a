"""What a batch comes to: failed rows with their reasons, and the errors that concern more than one row."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from importer.errors import ImporterError
from importer.files.cells.chain import Fault
from importer.files.problems import Problem
from importer.ledger.failures import Attempt, Failure
from importer.record_types.reasons import Reason, reasons_of

MAX_DEATHS = 3
"""So many workers may die over a row that runs alone before it counts as the cause."""

MAX_TIMEOUTS = 3
"""So often a row that runs alone may take too long before the import is paused."""

REPORTED_REASONS = 5
"""So many fields at fault are named in the sentence about their row."""

MAX_FAULTS = 20
"""So many fields at fault are kept of a row, each with its sentence."""


class RowFailedError(ImporterError):
    """A row failed; its cells and the full reason are on the import's page."""


class ImportGoneError(ImporterError):
    """The import was cancelled, stopped or deleted, or completed with these rows: they take no effect."""


class TooManyFailedError(ImporterError):
    """More rows would have failed than may: they are read again when the import is resumed."""


class TransientError(ImporterError):
    """Nobody's fault (database away, deadlock, timeout): the rows go back to the queue."""

    def __init__(self, message: str, *, is_timeout: bool = False) -> None:
        super().__init__(message)
        self.is_timeout = is_timeout


def from_faults(
    attempt: Attempt, faults: Sequence[tuple[str, Fault]], error: ValidationError | None = None
) -> Failure:
    """The reason of a row whose cells cannot be read, or whose values do not pass: every field at fault.

    Args:
        faults: of cells, with their fields; such a field was checked without a value, which says nothing.
        error: what the checks found.
    """
    reasons = reasons_of(faults, error)
    first, told = reasons[0], reasons[:MAX_FAULTS] if len(reasons) > 1 else None
    return Failure(attempt, first.code, first.field, _message(reasons), told)


def _message(reasons: Sequence[Reason]) -> str:
    """One column at fault is told beside the message; more are named in it."""
    if len(reasons) == 1:
        return reasons[0].sentence
    told = [f"{reason.field or 'row'}: {reason.sentence}" for reason in reasons[:REPORTED_REASONS]]
    more = len(reasons) - REPORTED_REASONS
    return "; ".join([*told, f"and {more} more"] if more > 0 else told)


def from_problem(attempt: Attempt, problem: Problem, columns: Sequence[str | None]) -> Failure:
    """The reason of a row that could not even be read.

    Args:
        columns: the field that each column of the file fills.
    """
    index = problem.column
    column = columns[index] if index is not None and index < len(columns) else None
    return Failure(attempt, problem.code, column, problem.message)


def worker_died(attempt: Attempt, deaths: int) -> Failure:
    """The reason of a row over which worker after worker died."""
    message = f"Working on this row ended its worker {deaths} times (a crash, or too much memory)."
    return Failure(attempt, "worker_died", None, message)
