"""Failed rows of an import as a table, a page at a time, with their groups and what came of corrections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import request

from importer.control.columns import FileColumns
from importer.control.corrections import corrected_lately, count_by_hand
from importer.control.failed_rows import (
    COUNT_SECONDS,
    PAGE_SECONDS,
    FailedRowsPage,
    Position,
    Sort,
    before_previous_page,
    count_chosen,
    page_of_failed_rows,
)
from importer.control.groups import MAX_GROUPS, Group, Groups, groups_of
from importer.files.row_numbers import LARGEST_ROW
from importer.ledger.chosen_rows import ChosenRows
from importer.ledger.planning import Budget, TooSlowError
from importer.ledger.retries import count_requested
from importer.models import Import
from importer.statuses import ENDED
from importer.web.extensions import db
from importer.web.failed_lines import Column, FailedLines, Line, imported_line
from importer.web.retries import Result, result_of

PAGE_ROWS = 50

TABLE_SECONDS = 1.5
"""So long the groups, the rows of a page and their count may take together; where the groups take long, little is
left for a search."""

LEAST_SECONDS = 0.1
"""That a statement gets in any case."""


class Wanted(NamedTuple):
    """What the reader wants to see of the failed rows, as the address says it.

    Attributes:
        sort: column by which they are sorted, after a minus backwards; None: the order of the file.
        after: a row number; the rows after it.
        start: so many of these are passed over.
    """

    chosen: ChosenRows
    sort: str | None
    after: int
    start: int

    @classmethod
    def asked(cls) -> Wanted:
        row = _number("row")
        after = row - 1 if row else _number("after")
        return cls(ChosenRows.told(request.args), request.args.get("sort") or None, after, _number("start"))

    @property
    def is_by_position(self) -> bool:
        """Whether pages follow each other by position: row numbers say nothing of a search or another order."""
        return self.sort is not None or self.chosen.text is not None

    def address(self, **other: Any) -> dict[str, Any]:
        """What an address says of it, with other values for some of it; None leaves one out."""
        here = {
            **self.chosen.as_json(),
            "sort": self.sort,
            "after": self.after or None,
            "start": self.start or None,
        }
        return {name: value for name, value in {**here, **other}.items() if value is not None}


def _number(name: str) -> int:
    return min(max(request.args.get(name, 0, type=int), 0), LARGEST_ROW)


@dataclass(frozen=True)
class FailedRowsTable:
    """Some of the failed rows, and the addresses of the pages before and after; None: there is no such page.

    Attributes:
        label: what a column is called, by its place.
        too_slow: why they cannot be searched or sorted, where that is so.
        characters: of a cell that are shown.
        corrections: how many were made by hand.
    """

    wanted: Wanted
    groups: Groups
    label: Callable[[int], str]
    columns: Sequence[Column]
    characters: int
    lines: Sequence[Line]
    position: Position
    previous: Mapping[str, Any] | None
    next: Mapping[str, Any] | None
    retrying: int
    too_slow: str | None
    result: Result | None
    corrections: int

    @property
    def live_address(self) -> Mapping[str, Any]:
        """What the address of the page's live part says: all that its own does, also which retry is told of."""
        told = {name: request.args[name] for name in ("retried", "retried_row") if name in request.args}
        return {**self.wanted.address(), **told}

    @property
    def shown_groups(self) -> Sequence[Group]:
        """The groups that the page lists."""
        return self.groups.groups[:MAX_GROUPS]

    @property
    def rows(self) -> int:
        """How many failed rows there are, without discarded ones."""
        return self.groups.rows_of(ChosenRows())

    @property
    def count(self) -> int:
        """How many failed rows are on this page."""
        return sum(line.state != "imported" for line in self.lines)

    @property
    def may_pass_unchanged(self) -> bool:
        """Whether trying all of them again as they are can help every one of them."""
        return bool(self.groups.groups) and all(group.may_pass_unchanged for group in self.groups.groups)


def table_of(import_: Import) -> FailedRowsTable:
    """What the import's page shows of its failed rows."""
    session, wanted, columns, budget = db.session(), Wanted.asked(), FileColumns(import_), Budget(TABLE_SECONDS)
    retrying = count_requested(session, import_) if import_.failed_rows else 0
    groups = groups_of(session, import_, is_live=retrying > 0 or import_.status not in ENDED)
    too_slow = None
    try:
        page = _page(import_, wanted, columns, budget)
    except TooSlowError as error:
        too_slow, wanted = error.message, Wanted(wanted.chosen._replace(text=None), None, wanted.after, 0)
        page = _first_of_group(import_, wanted, columns)
    before, following = _neighbours(import_, wanted, page)
    lines = FailedLines(session, import_, columns, page.rows, wanted.chosen.field)
    return FailedRowsTable(
        wanted=wanted,
        groups=groups,
        label=columns.label,
        columns=lines.columns(wanted.sort),
        characters=lines.characters,
        lines=_with_imported(import_, wanted, page, lines.all()),
        position=_position(import_, wanted, groups, page, budget),
        previous=before,
        next=following,
        retrying=retrying,
        too_slow=too_slow,
        result=result_of(import_, retrying),
        corrections=count_by_hand(session, import_),
    )


def _first_of_group(import_: Import, wanted: Wanted, columns: FileColumns) -> FailedRowsPage:
    """Rows that are neither searched nor sorted; none where even they are too many to look through."""
    try:
        return _page(import_, wanted, columns, Budget(PAGE_SECONDS))
    except TooSlowError:
        return FailedRowsPage([], False)


def _page(import_: Import, wanted: Wanted, columns: FileColumns, budget: Budget) -> FailedRowsPage:
    return page_of_failed_rows(
        db.session(),
        import_,
        after=wanted.after,
        limit=PAGE_ROWS,
        chosen=wanted.chosen,
        sort=Sort.told(wanted.sort, columns),
        start=wanted.start,
        seconds=budget.share(least=LEAST_SECONDS, most=PAGE_SECONDS),
    )


def _position(import_: Import, wanted: Wanted, groups: Groups, page: FailedRowsPage, budget: Budget) -> Position:
    """Where a page stands; of what the groups or the page tell nothing is counted."""
    chosen, shown = wanted.chosen, len(page.rows)
    seconds = budget.share(least=LEAST_SECONDS, most=COUNT_SECONDS)
    total = groups.rows_of(chosen) if chosen.text is None and not chosen.discarded else None
    if total is not None and not page.has_next:
        return Position(max(total - shown, 0), total)
    before: int | None = 0
    if wanted.after:
        before = count_chosen(db.session(), import_, chosen, until=wanted.after, seconds=seconds)
    if before is None:
        return Position(None, total)
    before += wanted.start
    if total is None and not page.has_next and (shown or not before):
        total = before + shown
    if total is None:
        total = count_chosen(db.session(), import_, chosen, seconds=seconds)
    return Position(before, total)


def _neighbours(
    import_: Import, wanted: Wanted, page: FailedRowsPage
) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """What the addresses of the pages before and after say."""
    if wanted.is_by_position:
        before = wanted.address(start=max(wanted.start - PAGE_ROWS, 0) or None) if wanted.start else None
        return before, wanted.address(start=wanted.start + len(page.rows)) if page.has_next else None
    following = wanted.address(after=page.rows[-1].row_number) if page.has_next and page.rows else None
    if not wanted.after:
        return None, following
    after = before_previous_page(db.session(), import_, after=wanted.after, limit=PAGE_ROWS, chosen=wanted.chosen)
    return wanted.address(after=after or None), following


def _with_imported(import_: Import, wanted: Wanted, page: FailedRowsPage, lines: list[Line]) -> list[Line]:
    """Rows that were corrected a moment ago keep their place, although they are imported."""
    if wanted.chosen.discarded:
        return lines
    is_ordered = not wanted.is_by_position
    until = page.rows[-1].row_number if is_ordered and page.has_next and page.rows else None
    made = corrected_lately(
        db.session(), import_, after=wanted.after if is_ordered else 0, until=until, limit=PAGE_ROWS
    )
    both = [*map(imported_line, made), *lines]
    return sorted(both, key=lambda line: line.row_number) if is_ordered else both
