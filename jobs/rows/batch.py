"""Lets a batch of rows take effect, all in one transaction (docs/design.md, rules 9 to 14 and 29)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from importer.config import Settings
from importer.errors import RecordTypeError
from importer.health.causes import in_words
from importer.ledger.alterations import add_alterations
from importer.ledger.counters import Change, ImportState, is_unfinished, settle
from importer.ledger.failures import Failure, delete_failures, lock_attempts, save_failures
from importer.ledger.lines import enter, withdraw
from importer.ledger.writers import note_writers
from importer.record_types import Effects, ValidRow
from importer.services import Services
from importer.time_limits import ROW_BY_ROW_SECONDS
from jobs.database_errors import CONNECTION_LOST, Fault, fault_of, server_message
from jobs.rows.checks import CheckedRows
from jobs.rows.outcomes import ImportGoneError, TooManyFailedError, TransientError
from jobs.rows.plan import Plan, Plans
from jobs.rows.saver import Saver


@dataclass
class Applied:
    """A committed batch.

    Attributes:
        state: the import's, after it.
        again: numbers of the rows that had ended before.
        failures: the attempts that failed now.
        unreached: numbers of the rows that there was no time for; they go back to the queue.
    """

    state: ImportState
    again: set[int] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)
    unreached: set[int] = field(default_factory=set)


class Batches:
    """Applies batches of rows to the database."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._plans = Plans(services)

    def apply(self, import_id: str, jobs: Sequence[bytes], *, deaths: int = 0) -> Applied:
        """Check and save rows of one import, and commit; a row that has ended before changes nothing.

        Args:
            jobs: the data of row jobs.
            deaths: how many workers have died over the one row that these are.

        Raises:
            ImportGoneError: the import takes these rows no more; nothing was changed.
            TooManyFailedError: the import is being paused; nothing was changed.
            TransientError: nobody's fault; nothing was changed.
            RecordTypeError: the record type's code or table is wrong; nothing was changed.
            UnreadableJobError, UnknownVersionError: a job was not written by this release; nothing was changed.
        """
        try:
            with self._services.engine.begin() as connection:
                plan = self._plans.get(connection, import_id)
                rows = CheckedRows(plan, jobs, deaths)
                return _Batch(connection, plan, rows, self._services.settings).apply()
        except CONNECTION_LOST as error:
            raise TransientError("The database connection was lost, or none was free.") from error
        except DBAPIError as error:
            fault = fault_of(error)
            if fault in (Fault.NOBODY, Fault.TIMEOUT):
                raise TransientError(in_words(error), is_timeout=fault is Fault.TIMEOUT) from error
            raise RecordTypeError(server_message(error)) from error


class _Batch:
    """The transaction of one batch, step by step."""

    def __init__(self, connection: Connection, plan: Plan, rows: CheckedRows, settings: Settings) -> None:
        self._connection = connection
        self._plan = plan
        self._rows = rows
        self._saver = Saver(plan, connection, row_timeout=settings.row_timeout, seconds=ROW_BY_ROW_SECONDS)
        self._overrun = settings.max_queued_rows

    def apply(self) -> Applied:
        sequence, given = self._plan.sequence, self._rows.row_numbers()
        retried = self._retry()
        line = enter(self._connection, sequence, given)
        valid, failures = self._rows.valid_and_failed(sorted({*line.row_numbers, *retried}))
        saved = self._saver.save(valid, self._rows.attempt)
        failures += saved.failures
        unreached, failed = set(saved.unreached), set(_row_numbers(failures))
        withdraw(self._connection, sequence, line, [number for number in saved.unreached if number not in retried])
        save_failures(self._connection, sequence, failures)
        delete_failures(self._connection, sequence, retried.difference(unreached, failed))
        note_writers(self._connection, sequence, saved.effects.met)
        self._add_alterations(valid, unreached | failed)
        state = self._settle(saved.effects, len(failures) - len(retried - unreached))
        again = set(given).difference(line.row_numbers) | self._rows.retries.keys()
        return Applied(state, again, failures, unreached)

    def _retry(self) -> set[int]:
        """Lock and check the failed rows whose attempt is due; return their numbers."""
        due = lock_attempts(self._connection, self._plan.sequence, self._rows.retries)
        self._rows.check(due)
        return {attempt.row_number for attempt in due}

    def _add_alterations(self, rows: Sequence[ValidRow], not_imported: Set[int]) -> None:
        imported = (row.row_number for row in rows if row.row_number not in not_imported)
        add_alterations(self._connection, self._plan.sequence, self._rows.alterations(imported))

    def _settle(self, effects: Effects, failed: int) -> ImportState:
        clears = self._plan.origin.clears
        change = Change(
            effects.created,
            effects.updated,
            effects.unchanged,
            effects.superseded,
            failed,
            empty_cells_kept=0 if clears else effects.empty_cells,
            empty_cells_cleared=effects.empty_cells if clears else 0,
        )
        state = settle(self._connection, self._plan.import_id, change, overrun=self._overrun)
        if state is None:
            is_over = is_unfinished(self._connection, self._plan.import_id)
            raise TooManyFailedError if is_over else ImportGoneError
        return state


def _row_numbers(failures: Iterable[Failure]) -> Iterator[int]:
    return (failure.attempt.row_number for failure in failures)
