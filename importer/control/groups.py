"""Groups of failed rows: those with the same field and code, which are repaired alike."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from importer.control.columns import FileColumns
from importer.ledger.chosen_rows import ChosenRows
from importer.ledger.fingerprints import Fingerprint, fingerprint_of
from importer.ledger.planning import in_passing
from importer.models import FailedRow, Import
from importer.record_types.codes import may_pass_unchanged, meaning_of

EXAMPLES = 3
MAX_GROUPS = 50
"""So many groups are told with examples, the largest ones; all are counted."""

EXAMPLE_BYTES = 10_000
"""Rows with more bytes of cells are no examples: what a page shows of them is cut anyway."""

REMEMBERED_SECONDS = 1.0
REMEMBERED_TIMES = 5
"""A page that asks each second gets the groups of so long ago; where counting took longer, of so many times as
long."""

CHEAP_SECONDS = 0.1
"""Groups whose counting takes no longer are counted for each page that does not ask each second."""

MAX_REMEMBERED = 200


class Example(NamedTuple):
    """A row of a group, and the text of its cells at fault."""

    row_number: int
    text: str


class Group(NamedTuple):
    """Failed rows of an import with the same first fault.

    Attributes:
        field: at fault; empty: the row as a whole.
        meaning: of the code; None: a record type gives it by itself.
        rows: how many they are.
        share: of all failed rows that are not discarded, from 0 to 1.
        may_pass_unchanged: whether trying its rows again as they are can help.
        examples: of the lowest rows; none for groups beyond the fiftieth.
    """

    field: str
    code: str
    meaning: str | None
    rows: int
    share: float
    may_pass_unchanged: bool
    examples: Sequence[Example]


class Groups(NamedTuple):
    """The groups of an import, the largest first, and how many of its failed rows are discarded."""

    groups: Sequence[Group]
    discarded: int

    def rows_of(self, chosen: ChosenRows) -> int:
        """How many rows are meant, whatever they hold."""
        return sum(
            group.rows
            for group in self.groups
            if chosen.field in (None, group.field) and chosen.code in (None, group.code)
        )


class _Counted(NamedTuple):
    """Groups that were counted.

    Attributes:
        fingerprint: of the import then: they hold for as long as it does not change; None: they were cheap.
        until: a page that asks each second may take them until then, by the clock of this process.
    """

    groups: Groups
    fingerprint: Fingerprint | None
    until: float


_counted: dict[str, _Counted] = {}
"""By id of the import. Of one process."""


def groups_of(session: Session, import_: Import, *, is_live: bool = False) -> Groups:
    """The groups of an import.

    Args:
        is_live: those counted a moment ago are good enough; the page asks again each second.
    """
    if not import_.failed_rows:
        return Groups([], 0)
    known = _counted.get(import_.id)
    if known is not None and is_live and time.monotonic() < known.until:
        return known.groups
    fingerprint = fingerprint_of(session, import_.sequence)
    if known is not None and known.fingerprint == fingerprint:
        return known.groups
    began = time.monotonic()
    groups = _count(session, import_)
    took = time.monotonic() - began
    if len(_counted) >= MAX_REMEMBERED:
        _counted.clear()
    until = began + took + max(REMEMBERED_SECONDS, REMEMBERED_TIMES * took)
    _counted[import_.id] = _Counted(groups, fingerprint if took > CHEAP_SECONDS else None, until)
    return groups


def _count(session: Session, import_: Import) -> Groups:
    """Count once through the rows of the import.

    Along the index of groups alone it would be no faster; and after a retry of very many rows it would take ten
    times as long, until Postgres has vacuumed.
    """
    field, is_discarded = func.coalesce(FailedRow.column_name, ""), FailedRow.discarded_at.is_not(None)
    wanted = (
        select(field, FailedRow.code, func.count(), func.count().filter(is_discarded))
        .where(FailedRow.import_sequence == import_.sequence)
        .group_by(field, FailedRow.code)
    )
    with in_passing(session.connection(), enable_indexonlyscan="off", enable_sort="off", jit="off"):
        counted = session.execute(wanted).all()
    left = {(name, code): count - discarded for name, code, count, discarded in counted if count > discarded}
    total = sum(left.values())
    ordered = sorted(left.items(), key=lambda group: (-group[1], group[0]))
    examples = _examples(session, import_, [key for key, _ in ordered[:MAX_GROUPS]])
    groups = [
        Group(name, code, meaning_of(code), n, n / total, may_pass_unchanged(code), examples.get((name, code), ()))
        for (name, code), n in ordered
    ]
    return Groups(groups, sum(row[3] for row in counted))


def _examples(
    session: Session, import_: Import, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], list[Example]]:
    columns = FileColumns(import_)
    is_small = func.octet_length(FailedRow.cells) <= EXAMPLE_BYTES
    found = {}
    for field, code in keys:
        wanted = (
            select(FailedRow.row_number, FailedRow.cells)
            .where(ChosenRows(field, code).condition(import_.sequence), is_small)
            .order_by(FailedRow.row_number)
            .limit(EXAMPLES)
        )
        rows = session.execute(wanted).all()
        found[field, code] = [Example(number, _text(cells, columns.places_of(field))) for number, cells in rows]
    return found


def _text(cells: Sequence[str], places: Sequence[int]) -> str:
    """The cells at fault; where the row as a whole is, all of them."""
    shown = [cells[place] for place in places if place < len(cells)] if places else cells
    return " | ".join(shown)
