"""What a batch comes to: failed rows with their reasons, and the errors that concern more than one row."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import ValidationError

from importer.errors import ImporterError
from jobs.row_job import RowJob

MAX_DEATHS = 3
"""So many workers may die over a row that runs alone before it counts as the cause."""

MAX_TIMEOUTS = 3
"""So often a row that runs alone may take too long before the import is paused."""

REPORTED_PROBLEMS = 5


class Failure(NamedTuple):
    """A failed row and its reason."""

    row: RowJob
    code: str
    column: str | None
    message: str


class RowFailedError(ImporterError):
    """A row failed; its cells and the full reason are on the import's page."""


class ImportGoneError(ImporterError):
    """The import was cancelled, stopped or deleted: its rows take no effect any more."""


class TransientError(ImporterError):
    """Nobody's fault (database away, deadlock, timeout): the rows go back to the queue."""

    def __init__(self, message: str, *, is_timeout: bool = False) -> None:
        super().__init__(message)
        self.is_timeout = is_timeout


def from_validation(row: RowJob, error: ValidationError) -> Failure:
    """The reason in words: every column at fault with what it should be, never with what it was."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    sentences = [_sentence(problem) for problem in problems[:REPORTED_PROBLEMS]]
    if len(problems) > REPORTED_PROBLEMS:
        sentences.append(f"and {len(problems) - REPORTED_PROBLEMS} more")
    return Failure(row, str(problems[0]["type"]), _column(problems[0]), "; ".join(sentences))


def _column(problem: Any) -> str | None:
    return str(problem["loc"][0]) if problem["loc"] else None


def _sentence(problem: Any) -> str:
    if problem["type"] == "missing":
        return f"{_column(problem)}: a value is required"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{_column(problem) or 'row'}: {message[:1].lower()}{message[1:]}"


def worker_died(row: RowJob) -> Failure:
    """The reason of a row over which worker after worker died."""
    message = f"Working on this row ended its worker {row.deaths} times (a crash, or too much memory)."
    return Failure(row, "worker_died", None, message)
