"""Creates or updates the records of a batch: by one upsert, or by COPY while an import meets no record.

`INSERT … SELECT FROM unnest` of array literals is the fastest of the upserts that were measured
(docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Connection, FromClause, Table
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from importer.files.row_numbers import position_of
from importer.record_types.copying import RowsSkippedError, copy_rows, is_worthwhile
from importer.record_types.duplicates import Merged, last_rows, merged_rows
from importer.record_types.effects import Effects, Met
from importer.record_types.literals import array_literal, copy_column, integer_array_literal, may_hold_null
from importer.record_types.rows import ValidRow
from importer.record_types.statements import DIALECT, statements

MAX_KNOWN_IMPORTS = 100
"""Imports whose batches are known to create all their records."""


def _picked(places: Sequence[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Takes the values at these places out of a row's, as a tuple even where there is one."""
    if len(places) == 1:
        return lambda values: (values[places[0]],)
    return itemgetter(*places)


def _late_rows(late: Sequence[tuple[int, int]], filled: Iterable[int]) -> Met:
    """Rows with the positions of those that had written their records; some filled what these had no value for."""
    changing = set(filled)
    return Met(*zip(*((number, writer, number in changing) for number, writer in late), strict=True))


class Upsert:
    """What is done for one table and one set of fields that rows fill.

    Args:
        table: where the records are.
        key: columns that identify a record.
        fields: the column that each value of a row fills, None for none; a column that is not among them gets its
            default in a new record.
        present: the columns that the file fills; only these change an existing record.
        clears: whether a cell without a value clears that of an existing record.
    """

    def __init__(
        self,
        table: FromClause,
        key: Sequence[str],
        fields: Sequence[str | None],
        present: Sequence[str],
        clears: bool,
    ) -> None:
        self._table = cast(Table, table)
        self._clears = clears
        self._key_of = itemgetter(*[fields.index(name) for name in key])
        self._changing = [n for n, name in enumerate(fields) if name in present and name not in key]
        self._columns = tuple(name for name in fields if name is not None)
        self._values_of = (
            None if None not in fields else _picked([n for n, name in enumerate(fields) if name is not None])
        )
        self._binders = [self._binder(name) for name in self._columns]
        self._sql = statements(self._table, key, self._columns, present, clears=clears)
        self._creates_all: set[int] = set()

    def run(self, connection: Connection, rows: Sequence[ValidRow], sequence: int) -> Effects:
        """Save rows, given in ascending row number; those of one key are written as one row.

        Written in the order of their keys, so that two batches cannot deadlock.
        """
        last = self._each_key_once(rows)
        batch = [last.rows[key] for key in sorted(last.rows, key=str)]
        columns = self._bound(batch)
        row_numbers = [row.row_number for row in batch]
        if self._expects_new(batch, sequence):
            if self._create(connection, columns, row_numbers, sequence):
                kept = sum(map(last.kept.get, row_numbers, repeat(0))) if last.kept else 0
                met = self._repeated(rows, last, sequence, Met())
                return Effects(created=len(batch), superseded=len(rows) - len(batch), empty_cells=kept, met=met)
            self._creates_all.discard(sequence)
        parameters = self._parameters(columns, row_numbers, sequence)
        effects = self._create_or_update(connection, parameters, last.kept)
        if effects.created == len(batch):
            self._expect_new(sequence)
        late = self._late(connection, parameters) if effects.rows < len(batch) else Met()
        met = late + self._repeated(rows, last, sequence, late)
        return effects + Effects(superseded=len(rows) - effects.rows, met=met)

    def _each_key_once(self, rows: Sequence[ValidRow]) -> Merged:
        last = last_rows(rows, self._key_of)
        return (
            Merged(last, {})
            if self._clears or len(last) == len(rows)
            else merged_rows(rows, self._key_of, self._changing)
        )

    def _repeated(self, rows: Sequence[ValidRow], last: Merged, sequence: int, late: Met) -> Met:
        """Rows of a batch that another one with their key follows, or that one's later row where it is late."""
        if len(rows) == len(last.rows):
            return Met()
        writers = dict(zip(late.row_numbers, late.writers, strict=True))
        idle = {number for number, changed in zip(late.row_numbers, late.changed, strict=True) if not changed}
        following = ((row.row_number, last.rows[self._key_of(row.values)].row_number) for row in rows)
        repeated = {number: later for number, later in following if later != number}
        met = [(number, writers.get(later, position_of(sequence, later))) for number, later in repeated.items()]
        return _late_rows(met, (number for number in last.fillers if repeated[number] not in idle))

    def _late(self, connection: Connection, parameters: dict[str, Any]) -> Met:
        """Rows of a batch whose record a later row had written; they may fill what it has no value for."""
        late = connection.exec_driver_sql(self._sql.late, parameters).all()
        filled = self._sql.fill and connection.exec_driver_sql(self._sql.fill, parameters).scalars()
        return _late_rows([(number, writer) for number, writer in late], filled or ())

    def _bound(self, batch: Sequence[ValidRow]) -> list[Sequence[Any]]:
        """The values column by column, as psycopg2 would send them."""
        values = (row.values for row in batch)
        columns = zip(*(map(self._values_of, values) if self._values_of else values), strict=True)
        bound = zip(columns, self._binders, strict=True)
        return [list(map(bind, values)) if bind else values for values, bind in bound]

    def _expects_new(self, batch: Sequence[ValidRow], sequence: int) -> bool:
        return sequence in self._creates_all and is_worthwhile(len(batch))

    def _expect_new(self, sequence: int) -> None:
        """The first batch is upserted, which finds out what is wrong with the table; the next ones are copied."""
        if len(self._creates_all) >= MAX_KNOWN_IMPORTS:
            self._creates_all.clear()
        self._creates_all.add(sequence)

    def _create(
        self, connection: Connection, columns: list[Sequence[Any]], row_numbers: list[int], sequence: int
    ) -> bool:
        """Create all records, or none: where one exists or COPY is refused, what the upsert says counts."""
        provenance = [[str(sequence)] * len(row_numbers), list(map(str, row_numbers))] * 2
        lines = map("\t".join, zip(*map(copy_column, columns), *provenance, strict=True))
        try:
            copy_rows(connection, self._sql.copy, "\n".join(lines), len(row_numbers))
        except (OperationalError, InterfaceError):
            raise
        except (DBAPIError, RowsSkippedError):
            return False
        return True

    def _parameters(self, columns: list[Sequence[Any]], row_numbers: list[int], sequence: int) -> dict[str, Any]:
        return {
            "sequence": sequence,
            "row_numbers": integer_array_literal(row_numbers),
            **{f"column_{index}": array_literal(values) for index, values in enumerate(columns)},
        }

    def _create_or_update(
        self, connection: Connection, parameters: dict[str, Any], kept: dict[int, int]
    ) -> Effects:
        """What became of the rows that were written."""
        statement = self._sql.save
        literals = (parameters[f"column_{index}"] for index in range(len(self._columns)))
        if kept or any(map(may_hold_null, literals)):
            statement = self._sql.save_with_empty_cells
            parameters["merged_rows"] = integer_array_literal(kept.keys())
            parameters["merged_cells"] = integer_array_literal(kept.values())
        created, changed, saved, empty_cells, *met = connection.exec_driver_sql(statement, parameters).one()
        written_over = Met(*met) if created < saved else Met()
        return Effects(created, changed - created, saved - changed, empty_cells=empty_cells, met=written_over)

    def _binder(self, name: str) -> Callable[[Any], Any] | None:
        processor = self._table.c[name].type.dialect_impl(DIALECT).bind_processor(DIALECT)
        if processor is None:
            return None
        return lambda value: None if value is None else processor(value)
