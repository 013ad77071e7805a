"""Records, read for people: those that an import wrote, the one that a row became, the one with a key.

Nothing here takes long, however many records there are. What an index finds is read at once: the BRIN of
`ImportedRecord` where its table has one. Where that takes too long, as in a table without it, the records are
looked through in the order of their keys, a portion in each request, and the reader is told how many were.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, literal, or_, select, text
from sqlalchemy.exc import DBAPIError

from importer.errors import NoRecordsError, RefusedKeyError
from importer.ledger.planning import TooSlowError, in_passing
from importer.ledger.record_table import Record, RecordTable

INDEX_SECONDS, WALK_SECONDS, PORTION_SECONDS = 0.6, 0.4, 0.4
"""So long Postgres may look for the records of an import by an index; so long they are looked through then, and so
long a statement of that may take. An answer takes no more than two of the first and one of the others."""

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

AS_TEXT = {"datestyle": "ISO, YMD", "timezone": "UTC", "intervalstyle": "iso_8601", "extra_float_digits": "1"}
"""Settings of Postgres with which it reads back what it writes."""

NOT_READABLE = ("42P01", "42703", "42501")
"""Postgres's codes of a table or column that is not there, or may not be read."""

NO_VALUE_CLASS = "22"

TOO_BUSY = (
    "The database is too busy to look through these records. Try again in a while, or look for one by its key."
)

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
        self._connection = connection
        self._table = table
        self._characters = characters

    def with_key(self, key: Sequence[str]) -> Record | None:
        """The record with this key."""
        with self._reading(seconds=PORTION_SECONDS):
            found = self._connection.execute(self._select().where(self._table.is_key(key)).limit(1)).one_or_none()
        return None if found is None else self._table.record(found)

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
        low, rows, deadline = int(number), FIRST_ROWS, time.monotonic() + WALK_SECONDS
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
            statement = self._select().where(meant, is_after).order_by(*self._table.key_columns())
            with self._reading(seconds=INDEX_SECONDS, **BY_INDEX):
                found = self._read(statement.limit(limit + 1))
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
            self._select()
            .where(by == sequence, row <= high, begins)
            .order_by(row, *self._table.key_columns())
            .limit(limit)
        )
        with self._reading(seconds=INDEX_SECONDS, **BY_INDEX):
            return self._read(statement)

    def _gathered(self, wanted: Wanted, after: tuple[str, ...] | None, limit: int) -> Portion:
        meant = [self._meant(wanted)]
        if after is not None:
            meant.append(self._table.after(after))
        mine = select(*self._table.needed).where(*meant).cte("mine").prefix_with("MATERIALIZED")
        statement = select(*self._table.selected(self._characters, mine)).order_by(*self._table.key_columns(mine))
        with self._reading(seconds=INDEX_SECONDS, **BY_INDEX):
            found = self._read(statement.limit(limit + 1))
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
        deadline = time.monotonic() + WALK_SECONDS
        bounds = [self._upper_bound(beginning), table.from_(beginning) if after is None else table.after(after)]
        while True:
            end = self._end_of_portion(bounds, size)
            until = bounds if end is None else [*bounds, table.until(end)]
            some = self._between(until, meant, limit + 1 - len(found))
            found += some
            if len(found) > limit:
                return Portion(found[:limit], found[limit - 1].key, looked)
            if end is None:
                return Portion(found, None, looked)
            looked, in_vain = looked + size, 0 if some else in_vain + size
            if time.monotonic() > deadline or (found and is_narrow and in_vain >= ENOUGH):
                return Portion(found, end, looked)
            bounds, size = [bounds[0], table.after(end)], min(size * 2, LARGEST_PORTION)

    def _end_of_portion(self, bounds: Sequence[ColumnElement[bool]], size: int) -> tuple[str, ...] | None:
        """The key of the last of so many records; None where there are fewer."""
        keys = self._table.key_columns()
        statement = select(*(cast(key, Text) for key in keys)).where(*bounds).order_by(*keys)
        with self._reading(seconds=PORTION_SECONDS, **BY_KEY):
            found = self._connection.execute(statement.offset(size - 1).limit(1)).one_or_none()
        return None if found is None else tuple(found)

    def _between(
        self, bounds: Sequence[ColumnElement[bool]], meant: ColumnElement[bool], limit: int
    ) -> list[Record]:
        statement = self._select().where(*bounds, meant).order_by(*self._table.key_columns()).limit(limit)
        with self._reading(seconds=PORTION_SECONDS, **BY_KEY):
            return self._read(statement)

    def _upper_bound(self, beginning: Sequence[str]) -> ColumnElement[bool]:
        """Nothing that begins so comes after it; no bound where texts are sorted as people do."""
        parameters = {"table": self._table.name, "column": self._table.key_columns()[0].name}
        with self._reading(seconds=PORTION_SECONDS):
            sorts_by_people = self._connection.execute(SORTS_BY_NUMBERS, parameters).scalar() is False
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

    def _select(self) -> Any:
        return select(*self._table.selected(self._characters))

    def _read(self, statement: Any) -> list[Record]:
        return [self._table.record(row) for row in self._connection.execute(statement)]

    @contextmanager
    def _reading(self, *, seconds: float, **settings: str) -> Iterator[None]:
        try:
            with in_passing(self._connection, seconds=seconds, **AS_TEXT, **settings):
                yield
        except TooSlowError as error:
            raise TooSlowError(TOO_BUSY) from error
        except DBAPIError as error:
            code = getattr(error.orig, "pgcode", None) or ""
            if code.startswith(NO_VALUE_CLASS):
                raise RefusedKeyError(f"No record can have this key: {_first_line(error)}.") from error
            if code in NOT_READABLE:
                raise NoRecordsError(
                    f"The records of the type “{self._table.label}” cannot be read: the database says that "
                    f"{_first_line(error)}. Run `flask db upgrade`, or mend the table."
                ) from error
            raise


def _first_line(error: DBAPIError) -> str:
    """What Postgres says, without what it shows of the statement."""
    return str(error.orig).strip().partition("\n")[0]
