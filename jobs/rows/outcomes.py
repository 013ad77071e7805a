"""What a batch comes to: failed rows with their reasons, and the errors that concern more than one row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from importer.errors import ImporterError
from importer.files.problems import Problem
from importer.ledger.failures import Attempt, Failure

MAX_DEATHS = 3
"""So many workers may die over a row that runs alone before it counts as the cause."""

MAX_TIMEOUTS = 3
"""So often a row that runs alone may take too long before the import is paused."""

REPORTED_PROBLEMS = 5

CODES = {"value_error": "invalid_value", "missing": "missing_value"}
"""Pydantic's names that would say nothing to the person who repairs the row."""


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


def from_validation(attempt: Attempt, error: ValidationError) -> Failure:
    """The reason in words: every column at fault with what it should be, never with what it was."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    code = CODES.get(str(problems[0]["type"]), str(problems[0]["type"]))
    return Failure(attempt, code, _column(problems[0]), _message(problems))


def _message(problems: Sequence[Any]) -> str:
    """One column at fault is told beside the message; more are named in it."""
    if len(problems) == 1:
        return _sentence(problems[0])
    told = [f"{_column(problem) or 'row'}: {_sentence(problem)}" for problem in problems[:REPORTED_PROBLEMS]]
    more = len(problems) - REPORTED_PROBLEMS
    return "; ".join([*told, f"and {more} more"] if more > 0 else told)


def _column(problem: Any) -> str | None:
    return str(problem["loc"][0]) if problem["loc"] else None


def _sentence(problem: Any) -> str:
    if problem["type"] == "missing":
        return "a value is required"
    message = str(problem["msg"]).removeprefix("Value error, ").removesuffix(".")
    return f"{message[:1].lower()}{message[1:]}"


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
