"""Reads row jobs and checks their rows: what is valid, what fails and why, and which are retries."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from pydantic import ValidationError

from importer.files.cells.chain import Alteration
from importer.files.csv_reader import new_tuple
from importer.ledger.failures import Attempt, Failure
from importer.queue.stored_jobs import UnreadableJobError, plain
from importer.record_types import ValidRow
from importer.time_limits import CHECK_SECONDS
from jobs.rows.job import attempt_of, import_of_call, read_calls
from jobs.rows.outcomes import MAX_DEATHS, TransientError, from_faults, from_problem, worker_died
from jobs.rows.plan import Plan
from jobs.rows.portions import Portion
from jobs.rows.time_limit import TimeLimitError

log = logging.getLogger(__name__)

JOBS_PER_READ = 200
"""Jobs. So many stay in the processor's cache while their rows are checked; a whole batch does not."""


class CheckedRows:
    """The rows of a batch, each once, whatever number of jobs it has.

    Args:
        jobs: the data of row jobs.
        deaths: how many workers have died over the one row that these are.

    Attributes:
        retries: by row number, which attempt its job is for, where it is not the first.

    Raises:
        UnreadableJobError, UnknownVersionError: a job was not written by this release.
        TransientError: the check of a row took too long, and it is not alone.
    """

    def __init__(self, plan: Plan, jobs: Sequence[bytes], deaths: int = 0) -> None:
        self._plan = plan
        self._deaths = deaths
        self._datas = [plain(data) for data in jobs]
        self._values: dict[int, tuple[Any, ...]] = {}
        self._alterations: defaultdict[str, dict[int, Sequence[Alteration]]] = defaultdict(dict)
        self._failures: dict[int, Failure] = {}
        self._attempts: dict[int, Attempt] = {}
        self.retries: dict[int, int] = {}
        for datas in self._portions():
            self._read(datas)

    def _portions(self) -> Iterable[Sequence[bytes]]:
        for first in range(0, len(self._datas), JOBS_PER_READ):
            yield self._datas[first : first + JOBS_PER_READ]

    def _read(self, datas: Sequence[bytes]) -> None:
        portion = Portion(others=read_calls(datas)) if self._deaths else self._plan.read(datas)
        self._values |= portion.values
        for name, by_row in portion.alterations.items():
            self._alterations[name] |= by_row
        for call in portion.others:
            self._look_at(call)

    def _look_at(self, call: Any) -> None:
        """A row that did not pass, and so is checked by name, or a retry, whose cells are not in its job."""
        attempt = attempt_of(call)
        if import_of_call(call) != self._plan.import_id:
            raise UnreadableJobError(f"A job is of another import than its neighbours, of {self._plan.import_id}.")
        if attempt.number == 1:
            self.check([attempt])
        else:
            self.retries[attempt.row_number] = max(attempt.number, self.retries.get(attempt.row_number, 0))

    def check(self, attempts: Iterable[Attempt]) -> None:
        """Check rows by the names of their fields, which says what is wrong with them."""
        for attempt in attempts:
            number = attempt.row_number
            self._attempts[number] = attempt
            self._failures.pop(number, None)
            for by_row in self._alterations.values():
                by_row.pop(number, None)
            outcome = self._outcome(attempt)
            if isinstance(outcome, Failure):
                self._failures[number] = outcome
            else:
                self._values[number] = outcome

    def _outcome(self, attempt: Attempt) -> tuple[Any, ...] | Failure:
        if self._deaths >= MAX_DEATHS:
            return worker_died(attempt, self._deaths)
        if attempt.problem is not None:
            return from_problem(attempt, attempt.problem, self._plan.columns)
        row = self._plan.reader.read(attempt.cells)
        try:
            values = self._plan.validate(row)
        except ValidationError as error:
            return from_faults(attempt, row.faults, error)
        except TimeLimitError as error:
            return self._late(attempt, error)
        except Exception as error:  # the record type's own check
            log.exception("import %s: row %s: its check raised", self._plan.import_id, attempt.row_number)
            return Failure(
                attempt, "check_raised", None, f"Checking this row raised {type(error).__name__}: {error}"
            )
        if row.faults:
            return from_faults(attempt, row.faults)
        for name, altered in row.alterations:
            by_row = self._alterations[name]
            by_row[attempt.row_number] = (*by_row.get(attempt.row_number, ()), altered)
        return values

    def _late(self, attempt: Attempt, error: TimeLimitError) -> Failure:
        """The reason of a row whose check took too long while it was alone (docs/design.md, rule 7).

        Raises:
            TransientError: it has neighbours; each of them is to run alone.
        """
        if len(self._datas) > 1:
            raise TransientError("The check of a row took too long.", is_timeout=True) from error
        message = f"Checking this row took longer than {CHECK_SECONDS:g} seconds."
        return Failure(attempt, "check_timeout", None, message)

    def row_numbers(self) -> list[int]:
        """Of the rows checked so far, in ascending order."""
        return sorted(self._values.keys() | self._failures.keys())

    def valid_and_failed(self, row_numbers: Collection[int]) -> tuple[list[ValidRow], list[Failure]]:
        """Of these rows those that are valid and those that fail, in the order given."""
        values, failures = self._values, self._failures
        valid = [new_tuple(ValidRow, (number, values[number])) for number in row_numbers if number not in failures]
        return valid, [failures[number] for number in row_numbers if number in failures]

    def alterations(self, row_numbers: Iterable[int]) -> dict[str, dict[int, Sequence[Alteration]]]:
        """What was read otherwise than it stands in these rows, by field and row number."""
        if not self._alterations:
            return {}
        wanted = set(row_numbers)
        return {
            name: by_row if wanted >= by_row.keys() else {n: by_row[n] for n in wanted & by_row.keys()}
            for name, by_row in self._alterations.items()
        }

    def attempt(self, row_number: int) -> Attempt:
        """The attempt of one of these rows, with its cells as text."""
        if row_number not in self._attempts:
            first_attempts = (
                a for datas in self._portions() for a in map(attempt_of, read_calls(datas)) if a.number == 1
            )
            for attempt in first_attempts:
                self._attempts.setdefault(attempt.row_number, attempt)
        return self._attempts[row_number]
