"""Carries out the repairs of an import, a portion of its failed rows at a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from importer.errors import shortened
from importer.files.problems import Limits
from importer.files.repairs.rule import Mark
from importer.files.repairs.rules import WITHOUT_COLUMNS, rule_from_json
from importer.ledger import repairs
from importer.ledger.changes import Candidate, Change, change_of
from importer.ledger.chosen_rows import ChosenRows
from importer.ledger.repairs import Stretch
from importer.models import Import, Repair
from importer.services import Services
from importer.time_limits import REPAIR_PORTION_SECONDS
from jobs.database_errors import Fault, fault_of

log = logging.getLogger(__name__)

ROWS_PER_PORTION = 2_000
"""Failed rows looked at in one transaction."""

NOBODYS_FAULT = frozenset({Fault.NOBODY, Fault.TIMEOUT})
"""Errors of the database that are no fault of a rule: the slice is set back."""


def carry_out_portion(services: Services, import_id: str) -> int | None:
    """Carry out a portion of the first unfinished repair of an import.

    Returns:
        The row number after which rows may have been asked to be tried again. None where there is nothing to do
        now: no repair is unfinished, another dispatcher is at it, or its next row is being tried.
    """
    with Session(services.engine) as session:
        repair = repairs.take_repair(session, import_id)
        if repair is None:
            return None
        repair_id = repair.id
        try:
            return _Portion(session, services, import_id, repair).carry_out()
        except Exception as error:
            if isinstance(error, DBAPIError) and fault_of(error) in NOBODYS_FAULT:
                raise
            log.exception("import %s: a portion of repair %s broke off", import_id, repair_id)
            session.rollback()
            detail = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
            repairs.note_failed_portion(session, repair_id, shortened(detail))
            return None


class _Portion:
    """The transaction of one portion."""

    def __init__(self, session: Session, services: Services, import_id: str, repair: Repair) -> None:
        self._session = session
        self._connection = session.connection()
        self._import_id = import_id
        self._repair = repair
        self._sequence = repair.import_sequence
        self._rule = rule_from_json(repair.rule)
        self._chosen = ChosenRows.told(repair.chosen)._replace(discarded=self._rule.kind == Mark.RESTORE)
        width = session.scalar(select(func.jsonb_array_length(Import.columns)).where(Import.id == import_id))
        settings = services.settings
        self._limits = Limits(width, settings.max_record_bytes, settings.max_cell_chars)

    def carry_out(self) -> int | None:
        after = self._repair.after or 0
        stretch, found = self._rows(after)
        taken, changes = self._apply(found)
        changed = self._write(taken, changes)
        reached = None if stretch.is_end else stretch.last
        if len(taken) < len(found):
            reached = found[len(taken)].row_number - 1
        if not repairs.takes_rows(self._session, self._import_id):
            self._session.rollback()
            return None
        counts = {"changed": changed, "unchanged": len(taken) - changed}
        repairs.move_on(self._session, self._repair, reached=reached, **counts)
        self._session.commit()
        return after if taken or not found else None

    def _rows(self, after: int) -> tuple[Stretch, list[Candidate]]:
        """The stretch of this portion, and of its rows those that are chosen, locked."""
        wanted = (self._connection, self._sequence, self._chosen)
        stretch = repairs.next_stretch(*wanted, after=after, until=self._repair.until, most=ROWS_PER_PORTION)
        found = repairs.candidates(*wanted, after=after, last=stretch.last, locks=True)
        return stretch, found

    def _apply(self, found: Sequence[Candidate]) -> tuple[list[Candidate], list[Change]]:
        """The rows of this portion, and what the rule changes in them: up to the first that is being tried, as far
        as there is time."""
        taken: list[Candidate] = []
        changes: list[Change] = []
        until = time.monotonic() + REPAIR_PORTION_SECONDS
        for row in found:
            if row.is_retrying or (taken and time.monotonic() > until):
                break
            taken.append(row)
            change = change_of(self._rule, row, self._limits, code=self._chosen.code)
            if change is not None:
                changes.append(change)
        return taken, changes

    def _write(self, taken: Sequence[Candidate], changes: Sequence[Change]) -> int:
        """Let the rule take effect; return on how many rows it did."""
        if self._rule.kind in WITHOUT_COLUMNS:
            numbers = [row.row_number for row in taken]
            repairs.mark_rows(self._connection, self._sequence, numbers, WITHOUT_COLUMNS[self._rule.kind])
            return len(taken)
        if changes:
            repairs.change_rows(self._connection, self._repair, changes)
        return len(changes)
