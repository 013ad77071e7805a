"""What a rule would do with failed rows, counted as far as one request has time; nothing is changed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from importer.control.row_checks import RowChecks
from importer.files.problems import Limits
from importer.files.repairs.rule import Mark, Rule
from importer.files.repairs.rules import WITHOUT_COLUMNS
from importer.files.row_numbers import LARGEST_ROW
from importer.ledger.changes import Candidate, Change, change_of
from importer.ledger.chosen_rows import ChosenRows
from importer.ledger.planning import use_indexes
from importer.ledger.repairs import candidates, count_group, next_stretch
from importer.models import Import
from importer.record_types.mappings import mapping_of
from importer.services import Services

SECONDS = 0.8
"""A request begins no further stretch after so long."""

ROWS_PER_STRETCH = 500
EXAMPLES = 10
DANGEROUS = frozenset({"check_timeout", "worker_died"})
"""Codes of rows whose check may never end, or may end this process: they count as rows that would fail."""

NOT_CHECKED = "not checked here: its check took too long before, or ended a worker"

SHOWN_CHARS = 200
SHOWN_CHANGES = 5


@dataclass
class ChangedCell:
    """A cell before and after.

    Attributes:
        column: its place from 0.
        name: of its column.
    """

    column: int
    name: str
    before: str
    after: str


@dataclass
class Example:
    """A row that the rule would change.

    Attributes:
        reason: why it would still fail; None where it would pass.
    """

    row_number: int
    line_number: int
    changes: list[ChangedCell]
    reason: str | None


@dataclass
class Preview:
    """Counts of a part of the chosen rows; the counts of all parts add up.

    Attributes:
        total: failed rows of the group, counted for the first part alone; where a text was searched for, not all
            of them are chosen.
        looked_at: of these, in this part.
        rows: chosen ones among them.
        would_pass, would_fail: changed rows that would pass the checks of the import, and that would not. The
            database may still refuse one that passes.
        unchanged: chosen rows that the rule leaves as they are.
        next: the row number to go on after; None: there is no further part.
    """

    total: int | None
    looked_at: int = 0
    rows: int = 0
    would_pass: int = 0
    would_fail: int = 0
    unchanged: int = 0
    examples: list[Example] = field(default_factory=list)
    next: int | None = None

    def joined(self, part: Preview) -> Preview:
        """This part and the one behind it as one."""
        counts = {name: getattr(self, name) + getattr(part, name) for name in COUNTS}
        examples = [*self.examples, *part.examples][:EXAMPLES]
        return Preview(self.total, **counts, examples=examples, next=part.next)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


COUNTS = ("looked_at", "rows", "would_pass", "would_fail", "unchanged")


def preview(
    session: Session, services: Services, import_: Import, chosen: ChosenRows, rule: Rule, *, after: int = 0
) -> Preview:
    """What a rule would do with the chosen rows behind a row number, for about a second.

    Args:
        after: 0, or `next` of the part before.
    """
    return _Previewing(session, services, import_, chosen, rule).run(after)


class _Previewing:
    def __init__(
        self, session: Session, services: Services, import_: Import, chosen: ChosenRows, rule: Rule
    ) -> None:
        record_type = services.record_types[import_.record_type]
        columns, settings = import_.columns or [], services.settings
        self._names = import_.header or []
        self._checks = RowChecks(record_type, mapping_of(record_type, columns, import_.mapping))
        self._limits = Limits(len(columns), settings.max_record_bytes, settings.max_cell_chars)
        self._connection = session.connection()
        self._sequence = import_.sequence
        self._chosen = chosen._replace(discarded=rule.kind == Mark.RESTORE)
        self._rule = rule

    def run(self, after: int) -> Preview:
        until = time.monotonic() + SECONDS
        found, reached = Preview(self._count() if after == 0 else None), after
        use_indexes(self._connection)
        while True:
            stretch = next_stretch(
                self._connection,
                self._sequence,
                self._chosen,
                after=reached,
                until=LARGEST_ROW,
                most=ROWS_PER_STRETCH,
            )
            self._add(found, self._candidates(reached, stretch.last))
            found.looked_at += stretch.rows
            reached = stretch.last
            if stretch.is_end or time.monotonic() > until:
                found.next = None if stretch.is_end else reached
                return found

    def _count(self) -> int:
        return count_group(self._connection, self._sequence, self._chosen)

    def _candidates(self, after: int, last: int) -> list[Candidate]:
        return candidates(self._connection, self._sequence, self._chosen, after=after, last=last)

    def _add(self, found: Preview, rows: Sequence[Candidate]) -> None:
        found.rows += len(rows)
        if self._rule.kind in WITHOUT_COLUMNS:
            return
        made = (change_of(self._rule, row, self._limits, code=self._chosen.code) for row in rows)
        changes = [change for change in made if change is not None]
        sound = [change.cells for change in changes if _can_be_checked(change)]
        passing = sum(self._checks.passing(sound))
        found.would_pass += passing
        found.would_fail += len(changes) - passing
        found.unchanged += len(rows) - len(changes)
        found.examples += map(self._example, changes[: EXAMPLES - len(found.examples)])

    def _example(self, change: Change) -> Example:
        row = change.candidate
        reason = self._reason(change)
        cells = [
            ChangedCell(place, self._name(place), _shown(before), _shown(after))
            for place, before, after in change.changes[:SHOWN_CHANGES]
        ]
        return Example(row.row_number, row.line_number, cells, reason)

    def _reason(self, change: Change) -> str | None:
        if change.problem is not None:
            return change.problem.message
        return self._checks.reason(change.cells) if _can_be_checked(change) else NOT_CHECKED

    def _name(self, place: int) -> str:
        name = self._names[place].strip() if place < len(self._names) else ""
        return _shown(name) or f"column {place + 1}"


def _can_be_checked(change: Change) -> bool:
    return change.problem is None and change.candidate.code not in DANGEROUS


def _shown(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else f"{text[: SHOWN_CHARS - 1]}…"
