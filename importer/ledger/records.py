"""Records, read for people: those that an import wrote, the one that a row became, the one with a key.

Nothing here takes long, however many records there are. What an index finds is read at once: the BRIN of
`ImportedRecord` where its table has one. Where that takes too long, as in a table without it, the records are
looked through in the order of their keys, a portion in each request, and the reader is told how many were.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, literal, or_, select, text

from importer.ledger.planning import TooSlowError
from importer.ledger.record_statements import RecordStatements
from importer.ledger.record_table import Record, RecordTable

INDEX_SECONDS, WALK_SECONDS, PORTION_SECONDS = 0.6, 0.4, 0.4
"""So long Postgres may look for the records of an import by an index; so long they are looked through then, and so
long a statement of that may take. All of a request share `record_statements.REQUEST_SECONDS`."""

FIRST_PORTION, LARGEST_PORTION = 1_000, 50_000
"""Records that are looked through by one statement."""

ENOUGH = 20_000
"""Records that are looked through after the last one that was found, where some were."""

FIRST_ROWS, MOST_ROWS = 1_000, 1_000_000
"""Rows of a file whose records are looked for by one statement."""

LISTS_OF_ROW = WRITTEN, CHANGED, EITHER = "written", "changed", "either"
"""The records that a row wrote last; that it changed last; both, where no index says whether it wrote any."""

BY_INDEX = {
    **{"enable_seqscan": "off", "enable_indexscan": "off", "enable_indexonlyscan": "off"},
    **{"jit": "off", "max_parallel_workers_per_gather": "0"},
}
"""Settings of Postgres for the records of an import: of its indexes that of their writers, read as a bitmap."""

BY_KEY = {"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_sort": "off", "jit": "off"}

SORTS_BY_NUMBERS = text("""
SELECT CASE WHEN kept.collname <> 'default' THEN kept.collname IN ('C', 'POSIX', 'ucs_basic', 'pg_c_utf8')
    ELSE COALESCE(to_jsonb(base) ->> 'datlocprovider', 'c') = 'b'
        OR COALESCE(to_jsonb(base) ->> 'datlocprovider', 'c') = 'c' AND base.datcollate IN ('C', 'POSIX') END
FROM pg_attribute JOIN pg_collation AS kept ON kept.oid = attcollation, pg_database AS base
WHERE attrelid = to_regclass(:table) AND attname = :column AND base.datname = current_database()
""")
"""Whether a column sorts its texts by the numbers of their characters; then those that begin alike are neighbours.
Older releases of Postgres do not have the column `datlocprovider`."""


class Wanted(NamedTuple):
    """Which records are meant: those that an import wrote last.

    Attributes:
        beginning: what the fields of their key begin with; an empty text: with anything.
    """

    sequence: int
    beginning: tuple[str, ...] = ()


class Portion(NamedTuple):
    """Some of the records that are meant.

    Attributes:
        next: what the next portion comes after; None: there is none.
        looked_through: how many records were, where no index found them; None where one did.
    """

    records: list[Record]
    next: tuple[str, ...] | None
    looked_through: int | None = None


class RecordsOf:
    """Reads the records of one record type, within the caller's transaction.

    Every method raises `NoRecordsError` where the table is gone or not as its model says, and `RefusedKeyError`
    where a text can be no value of the key.

    Args:
        characters: of a value that are read.
    """

    def __init__(self, connection: Connection, table: RecordTable, characters: int) -> None:
        self._table = table
        self._statements = RecordStatements(connection, table, characters)

    def with_key(self, key: Sequence[str]) -> Record | None:
        """The record with this key."""
        statement = self._statements.selection().where(self._table.is_key(key)).limit(1)
        return next(iter(self._statements.records(statement, seconds=PORTION_SECONDS)), None)

    def of_row(self, sequence: int, row_number: int, *, after: tuple[str, ...] | None, limit: int) -> Portion:
        """The records that a row wrote last, else those that it changed last and others wrote since.

        Args:
            after: which of `LISTS_OF_ROW` these pages show, and a key.
        """
        lists = {WRITTEN: self._written_by(sequence, row_number), CHANGED: self._changed_by(sequence, row_number)}
        name, key = (EITHER, None) if after is None else (after[0], after[1:])
        if after is None or name in lists:
            try:
                return self._by_index(lists if after is None else {name: lists[name]}, key, limit)
            except TooSlowError:
                pass
        meant = lists[name] if name in lists else or_(*lists.values())
        found = self._walked((), meant, key, limit, is_narrow=True)
        return found._replace(next=None if found.next is None else (name, *found.next))

    def in_order_of_rows(
        self, sequence: int, *, last_row: int, after: tuple[str, ...] | None, limit: int
    ) -> Portion:
        """Records that an import wrote last, in the order of the file's rows.

        Args:
            last_row: of the file.
            after: the number of a row, and a key where records of that row may follow.

        Raises:
            TooSlowError: no index finds the first of them.
        """
        number, *key_after = after or ("0",)
        low, rows, deadline = int(number), FIRST_ROWS, time.monotonic() + self._statements.seconds(WALK_SECONDS)
        found: list[Record] = []
        while True:
            high = low + rows
            try:
                found += self._of_rows(sequence, (low, high), key_after, limit + 1 - len(found))
            except TooSlowError:
                if low == int(number):
                    raise
                return Portion(found, (str(low),))
            if len(found) > limit:
                last, row = found[limit - 1], found[limit - 1].written.row_number
                key = last.key if found[limit].written.row_number == row else ()
                return Portion(found[:limit], (str(row), *key))
            if high >= last_row:
                return Portion(found, None)
            low, key_after, rows = high, [], min(rows * 2, MOST_ROWS)
            if time.monotonic() > deadline:
                return Portion(found, (str(low),))

    def in_order_of_keys(
        self, wanted: Wanted, *, are_few: bool, after: tuple[str, ...] | None, limit: int
    ) -> Portion:
        """Records in the order of their keys.

        Args:
            are_few: whether the import wrote so few that reading all of them, to sort them, is quick.
        """
        if are_few:
            try:
                return self._gathered(wanted, after, limit)
            except TooSlowError:
                pass
        is_narrow = any(wanted.beginning)
        return self._walked(wanted.beginning, self._meant(wanted), after, limit, is_narrow=is_narrow)

    def is_near(self, wanted: Wanted) -> bool:
        """Whether one of these records has just this key, or is among the first that can begin so."""
        table, meant, beginning = self._table, self._meant(wanted), wanted.beginning
        is_whole = len(beginning) == len(table.key) and all(beginning)
        if is_whole and self._between([table.is_key(beginning)], meant, 1):
            return True
        bounds = [self._upper_bound(beginning), table.from_(beginning)]
        end = self._end_of_portion(bounds, FIRST_PORTION)
        until = bounds if end is None else [*bounds, table.until(end)]
        return bool(self._between(until, meant, 1))

    def _by_index(
        self, lists: Mapping[str, ColumnElement[bool]], after: tuple[str, ...] | None, limit: int
    ) -> Portion:
        """The first of these lists that has any record."""
        is_after = literal(True) if after is None else self._table.after(after)
        for name, meant in lists.items():
            statement = self._statements.selection().where(meant, is_after).order_by(*self._table.key_columns())
            found = self._statements.records(statement.limit(limit + 1), seconds=INDEX_SECONDS, settings=BY_INDEX)
            if found:
                return Portion(found[:limit], (name, *found[limit - 1].key) if len(found) > limit else None)
        return Portion([], None)

    def _of_rows(self, sequence: int, rows: tuple[int, int], key: Sequence[str], limit: int) -> list[Record]:
        """The records of some rows: those after the first one, or after a key of that one, up to the last one."""
        low, high = rows
        columns = self._table.source.c
        by, row = columns.imported_by, columns.imported_row
        begins = row > low
        if key:
            begins = and_(row >= low, or_(row > low, self._table.after(key)))
        statement = (
            self._statements.selection()
            .where(by == sequence, row <= high, begins)
            .order_by(row, *self._table.key_columns())
            .limit(limit)
        )
        return self._statements.records(statement, seconds=INDEX_SECONDS, settings=BY_INDEX)

    def _gathered(self, wanted: Wanted, after: tuple[str, ...] | None, limit: int) -> Portion:
        meant = [self._meant(wanted)]
        if after is not None:
            meant.append(self._table.after(after))
        mine = select(*self._table.needed).where(*meant).cte("mine").prefix_with("MATERIALIZED")
        statement = self._statements.selection(mine).order_by(*self._table.key_columns(mine))
        found = self._statements.records(statement.limit(limit + 1), seconds=INDEX_SECONDS, settings=BY_INDEX)
        return Portion(found[:limit], found[limit - 1].key if len(found) > limit else None)

    def _walked(
        self,
        beginning: Sequence[str],
        meant: ColumnElement[bool],
        after: tuple[str, ...] | None,
        limit: int,
        *,
        is_narrow: bool,
    ) -> Portion:
        """Look through the records in the order of their keys until enough are found or the time is over.

        Args:
            is_narrow: whether few are meant, so that it may stop some way behind the last that was found.
        """
        table, found, looked, in_vain, size = self._table, list[Record](), 0, 0, FIRST_PORTION
        deadline = time.monotonic() + self._statements.seconds(WALK_SECONDS)
        bounds = [self._upper_bound(beginning), table.from_(beginning) if after is None else table.after(after)]
        reached: tuple[str, ...] | None = None
        while True:
            try:
                end = self._end_of_portion(bounds, size)
                until = bounds if end is None else [*bounds, table.until(end)]
                some = self._between(until, meant, limit + 1 - len(found))
            except TooSlowError:
                if reached is None:
                    raise
                return Portion(found, reached, looked)
            found += some
            if len(found) > limit:
                return Portion(found[:limit], found[limit - 1].key, looked)
            if end is None:
                return Portion(found, None, looked)
            reached, looked, in_vain = end, looked + size, 0 if some else in_vain + size
            if time.monotonic() > deadline or (found and is_narrow and in_vain >= ENOUGH):
                return Portion(found, reached, looked)
            bounds, size = [bounds[0], table.after(end)], min(size * 2, LARGEST_PORTION)

    def _end_of_portion(self, bounds: Sequence[ColumnElement[bool]], size: int) -> tuple[str, ...] | None:
        """The key of the last of so many records; None where there are fewer."""
        keys = self._table.key_columns()
        statement = select(*(cast(key, Text) for key in keys)).where(*bounds).order_by(*keys)
        last = statement.offset(size - 1).limit(1)
        found = self._statements.rows(last, seconds=PORTION_SECONDS, settings=BY_KEY)
        return tuple(found[0]) if found else None

    def _between(
        self, bounds: Sequence[ColumnElement[bool]], meant: ColumnElement[bool], limit: int
    ) -> list[Record]:
        statement = self._statements.selection().where(*bounds, meant).order_by(*self._table.key_columns())
        return self._statements.records(statement.limit(limit), seconds=PORTION_SECONDS, settings=BY_KEY)

    def _upper_bound(self, beginning: Sequence[str]) -> ColumnElement[bool]:
        """Nothing that begins so comes after it; no bound where texts are sorted as people do."""
        parameters = {"table": self._table.name, "column": self._table.key_columns()[0].name}
        found = self._statements.rows(SORTS_BY_NUMBERS, parameters, seconds=PORTION_SECONDS)
        sorts_by_people = [row[0] for row in found] == [False]
        return self._table.below(() if sorts_by_people else beginning)

    def _meant(self, wanted: Wanted) -> ColumnElement[bool]:
        columns = self._table.source.c
        return and_(columns.imported_by == wanted.sequence, self._table.begins_with(wanted.beginning))

    def _written_by(self, sequence: int, row_number: int) -> ColumnElement[bool]:
        columns = self._table.source.c
        return and_(columns.imported_by == sequence, columns.imported_row == row_number)

    def _changed_by(self, sequence: int, row_number: int) -> ColumnElement[bool]:
        """No record was changed after it was written, which the index knows more of."""
        columns = self._table.source.c
        is_changed = and_(columns.changed_by == sequence, columns.changed_row == row_number)
        return and_(columns.imported_by >= sequence, is_changed)
