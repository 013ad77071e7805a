"""Lets a batch of rows take effect, all in one transaction (docs/design.md, rules 9 to 14)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import ValidationError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from importer.errors import RecordTypeError
from importer.files.csv_reader import new_tuple
from importer.ledger import lines
from importer.ledger.counters import Change, Standing, settle
from importer.record_types import ValidRow
from importer.services import Services
from importer.time_limits import ROW_BY_ROW_SECONDS
from jobs.database_errors import CONNECTION_LOST, Fault, fault_of, say
from jobs.rows.job import RowJob
from jobs.rows.outcomes import MAX_DEATHS, Failure, ImportGoneError, TransientError, from_validation, worker_died
from jobs.rows.plan import Plan, Plans
from jobs.rows.saver import Saved, Saver


@dataclass
class Applied:
    """A committed batch.

    Attributes:
        standing: the import's, after it.
        again: row numbers that the ledger had known before.
        failures: the rows that failed now.
        unreached: row numbers that there was no time for; they go back to the queue.
    """

    standing: Standing
    again: set[int] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)
    unreached: set[int] = field(default_factory=set)


class Batches:
    """Applies batches of rows to the database."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._plans = Plans(services)

    def apply(self, import_id: str, rows: Iterable[RowJob]) -> Applied:
        """Validate and save rows of one import, and commit; a row that has been imported before changes nothing.

        Args:
            rows: gone through again where a row fails late; what that raises passes through.

        Raises:
            ImportGoneError: the import takes these rows no more; nothing was changed.
            TransientError: nobody's fault; nothing was changed.
            RecordTypeError: the record type's code or table is wrong; nothing was changed.
        """
        try:
            with self._services.engine.begin() as connection:
                plan = self._plans.get(connection, import_id)
                return self._apply(connection, plan, rows)
        except CONNECTION_LOST as error:
            raise TransientError("The database connection was lost, or none was free.") from error
        except DBAPIError as error:
            fault = fault_of(error)
            if fault in (Fault.NOBODY, Fault.TIMEOUT):
                raise TransientError(say(error), is_timeout=fault is Fault.TIMEOUT) from error
            raise RecordTypeError(say(error)) from error

    def _apply(self, connection: Connection, plan: Plan, rows: Iterable[RowJob]) -> Applied:
        valid, invalid = _each_once(*_check(plan, rows))
        imported, failed = [row.row_number for row in valid], [failure.row.row_number for failure in invalid]
        ours = lines.enter(connection, plan.sequence, imported, failed)
        saver = Saver(
            plan, connection, row_timeout=self._services.settings.row_timeout, seconds=ROW_BY_ROW_SECONDS
        )
        saved = saver.save([row for row in valid if row.row_number in ours], rows)
        failures = [failure for failure in invalid if failure.row.row_number in ours] + saved.failures
        _note_outcomes(connection, plan, ours, saved, failures)
        standing = settle(connection, plan.import_id, _change(ours, saved, failures))
        if standing is None:
            raise ImportGoneError
        again = {number for number in (*imported, *failed) if not ours.get(number)}
        return Applied(standing, again, failures, set(saved.unreached))


def _check(plan: Plan, rows: Iterable[RowJob]) -> tuple[list[ValidRow], list[Failure]]:
    """Called for every row there is: what can be done once for a batch is done before the loop."""
    valid: list[ValidRow] = []
    invalid: list[Failure] = []
    by_column, validate = plan.by_column, plan.record_type.validate
    for row in rows:
        if row.problem is not None:
            invalid.append(_unreadable(plan, row))
        elif row.deaths >= MAX_DEATHS:
            invalid.append(worker_died(row))
        else:
            try:
                values = validate(by_column(row.cells))
            except ValidationError as error:
                invalid.append(from_validation(row, error))
            else:
                valid.append(new_tuple(ValidRow, (row.row_number, values)))
    return valid, invalid


def _each_once(valid: list[ValidRow], invalid: list[Failure]) -> tuple[list[ValidRow], list[Failure]]:
    """In ascending order; jobs of the same row say the same."""
    by_number = {row.row_number: row for row in valid}
    wrong = {failure.row.row_number: failure for failure in invalid if failure.row.row_number not in by_number}
    return [by_number[number] for number in sorted(by_number)], [wrong[number] for number in sorted(wrong)]


def _unreadable(plan: Plan, row: RowJob) -> Failure:
    assert row.problem is not None
    index = row.problem.column
    column = plan.columns[index] if index is not None and index < len(plan.columns) else None
    return Failure(row, row.problem.code, column, row.problem.message)


def _note_outcomes(
    connection: Connection, plan: Plan, ours: dict[int, bool], saved: Saved, failures: list[Failure]
) -> None:
    unreached_first = [number for number in saved.unreached if ours[number]]
    unreached_again = [number for number in saved.unreached if not ours[number]]
    failed_late = [failure.row.row_number for failure in saved.failures]
    lines.withdraw(connection, plan.sequence, unreached_first)
    lines.mark_failed(connection, plan.sequence, failed_late + unreached_again)
    lines.save_failed_rows(connection, plan.sequence, failures)
    lines.delete_failed_rows(connection, plan.sequence, _repaired(ours, saved, failures))


def _repaired(ours: dict[int, bool], saved: Saved, failures: list[Failure]) -> list[int]:
    """Rows that had failed before and are imported now."""
    not_imported = {failure.row.row_number for failure in failures} | set(saved.unreached)
    return [number for number, is_first in ours.items() if not is_first and number not in not_imported]


def _change(ours: dict[int, bool], saved: Saved, failures: list[Failure]) -> Change:
    failed_first = sum(1 for failure in failures if ours[failure.row.row_number])
    return Change(
        created=saved.effects.created,
        updated=saved.effects.updated,
        unchanged=saved.effects.unchanged,
        superseded=saved.effects.superseded,
        failed=failed_first - len(_repaired(ours, saved, failures)),
    )
