"""Saves the valid rows of a batch; what goes wrong with one row is narrowed to it by savepoints."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from importer.errors import ImporterError, RecordTypeError, RowError
from importer.health.causes import in_words
from importer.ledger.failures import Attempt, Failure
from importer.record_types import Effect, Effects, RowSaver, ValidRow
from jobs.database_errors import CONNECTION_LOST, Fault, column_of, fault_of, reason_of, server_message
from jobs.rows.outcomes import TransientError
from jobs.rows.plan import Plan
from jobs.rows.session import RowSession, only_session
from jobs.rows.time_limit import TimeLimitError, time_limit

log = logging.getLogger(__name__)

CHECK_CONSTRAINTS = "SET CONSTRAINTS ALL IMMEDIATE"
"""Inside the savepoint: a deferred constraint would explode at COMMIT and take the batch with it."""


@dataclass
class Saved:
    """What became of the rows that were to be saved.

    Attributes:
        unreached: row numbers that there was no time for.
    """

    effects: Effects = field(default_factory=Effects)
    failures: list[Failure] = field(default_factory=list)
    unreached: list[int] = field(default_factory=list)


class Saver:
    """Saves rows of one import inside the transaction of a connection."""

    def __init__(self, plan: Plan, connection: Connection, *, row_timeout: float, seconds: float) -> None:
        self._plan = plan
        self._connection = connection
        self._row_timeout = row_timeout
        self._seconds = seconds

    def save(self, rows: list[ValidRow], attempt_of: Callable[[int], Attempt]) -> Saved:
        """Save rows given in ascending row number.

        Args:
            attempt_of: the attempt of a row, by its number; asked for only where one fails.

        Raises:
            TransientError: nobody's fault; roll back and try again later.
            RecordTypeError: the record type's code or table is wrong.
        """
        if not rows:
            return Saved()
        if self._plan.record_type.saves_row_by_row:
            return self._one_by_one(rows, attempt_of, self._save_row)
        try:
            with self._connection.begin_nested():
                effects = self._save_batch(rows)
            return Saved(effects)
        except DBAPIError as error:
            self._raise_unless_rows_fault(error)
        except (RecordTypeError, *CONNECTION_LOST):
            raise
        except Exception as error:  # psycopg2 refused a value, or the record type's code met one it cannot take
            log.info("import %s: a batch is saved row by row: %r", self._plan.import_id, error)
        return self._one_by_one(rows, attempt_of, lambda row: self._save_batch([row]))

    def _save_batch(self, rows: list[ValidRow]) -> Effects:
        effects = self._plan.record_type.save(self._connection, rows, self._plan.origin)
        if effects.rows != len(rows):
            raise RecordTypeError(f"save told the effects of {effects.rows} rows, and was given {len(rows)}.")
        if not effects.met.is_of(row.row_number for row in rows):
            raise RecordTypeError("save told whom rows met that it was not given, or not one entry for each row.")
        self._connection.exec_driver_sql(CHECK_CONSTRAINTS)
        return effects

    def _save_row(self, row: ValidRow) -> Effects:
        record_type = cast(RowSaver, self._plan.record_type)
        with RowSession.on(self._connection) as session, only_session(session):
            with time_limit(self._row_timeout):
                effect = record_type.save_row(
                    session, self._plan.origin.named(row), self._plan.origin, row.row_number
                )
                session.flush()
            self._connection.exec_driver_sql(CHECK_CONSTRAINTS)
        if not isinstance(effect, Effect):
            raise RecordTypeError(f"save_row must return an Effect, and returned {type(effect).__name__}.")
        return Effects.of(effect)

    def _one_by_one(
        self, rows: list[ValidRow], attempt_of: Callable[[int], Attempt], save: Callable[[ValidRow], Effects]
    ) -> Saved:
        saved, began = Saved(), time.monotonic()
        for index, row in enumerate(rows):
            if index and time.monotonic() - began > self._seconds:
                saved.unreached = [unreached.row_number for unreached in rows[index:]]
                break
            try:
                with self._connection.begin_nested():
                    effects = save(row)
            except Exception as error:
                saved.failures.append(self._failure(attempt_of(row.row_number), error))
            else:
                saved.effects += effects
        return saved

    def _failure(self, attempt: Attempt, error: Exception) -> Failure:
        """The reason why this row fails; what is not this row's fault is raised."""
        if isinstance(error, RowError):
            return Failure(attempt, error.code, error.column, error.message)
        if isinstance(error, TimeLimitError):
            message = f"Row {attempt.row_number} took longer than ROW_TIMEOUT ({self._row_timeout:g} s)."
            raise TransientError(message, is_timeout=True) from error
        if isinstance(error, CONNECTION_LOST):
            raise error
        if isinstance(error, DBAPIError):
            self._raise_unless_rows_fault(error)
            return Failure(
                attempt, f"database_{getattr(error.orig, 'pgcode', None)}", column_of(error), reason_of(error)
            )
        if isinstance(error, ImporterError | SQLAlchemyError):
            raise RecordTypeError(f"{type(error).__name__}: {error}") from error
        log.exception("import %s: row %s: its record type raised", self._plan.import_id, attempt.row_number)
        return Failure(attempt, "save_raised", None, f"Saving this row raised {type(error).__name__}: {error}")

    def _raise_unless_rows_fault(self, error: DBAPIError) -> None:
        fault = fault_of(error)
        if fault is Fault.CODE:
            raise RecordTypeError(server_message(error)) from error
        if fault is not Fault.ROW:
            raise TransientError(in_words(error), is_timeout=fault is Fault.TIMEOUT) from error
