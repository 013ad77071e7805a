"""Creates or updates the records of a batch: by one upsert, or by COPY while an import meets no record.

`INSERT … SELECT FROM unnest` of array literals is the fastest of the upserts that were measured
(docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Connection, FromClause, Table
from sqlalchemy.dialects.postgresql import psycopg2
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from importer.record_types.copying import RowsSkippedError, copy_rows, is_worthwhile
from importer.record_types.effects import Effects
from importer.record_types.literals import array_literal, copy_column, integer_array_literal
from importer.record_types.rows import ValidRow

DIALECT = psycopg2.dialect()

MAX_KNOWN_IMPORTS = 100
"""Imports whose batches are known to create all their records."""

COPY_BATCH = "COPY {table} ({columns}, imported_by, imported_row, changed_by, changed_row) FROM STDIN"

SAVE_BATCH = """
WITH saved AS (
    INSERT INTO {table} AS record ({columns}, imported_by, imported_row, changed_by, changed_row)
    SELECT {selected}, %(sequence)s, row_number, %(sequence)s, row_number
    FROM unnest({arrays}, %(row_numbers)s::integer[]) WITH ORDINALITY AS batch ({columns}, row_number, position)
    ORDER BY position
    ON CONFLICT ({key}) DO UPDATE SET
        {assignments}
        imported_by = excluded.imported_by,
        imported_row = excluded.imported_row,
        changed_by = CASE WHEN {changed} THEN excluded.imported_by ELSE record.changed_by END,
        changed_row = CASE WHEN {changed} THEN excluded.imported_row ELSE record.changed_row END
    WHERE (record.imported_by, record.imported_row) < (excluded.imported_by, excluded.imported_row)
    RETURNING xmax = 0 AS created, (changed_by, changed_row) = (imported_by, imported_row) AS changed
)
SELECT count(*) FILTER (WHERE created), count(*) FILTER (WHERE changed), count(*) FROM saved
"""
"""A record that a later row has written is not returned: this row is superseded. Unchanged values still move the
provenance forward, or an older row could win later."""


def _picked(places: Sequence[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Takes the values at these places out of a row's, as a tuple even where there is one."""
    if len(places) == 1:
        return lambda values: (values[places[0]],)
    return itemgetter(*places)


class Upsert:
    """What is done for one table and one set of fields that rows fill.

    Args:
        table: where the records are.
        key: columns that identify a record.
        fields: the column that each value of a row fills, None for none; a column that is not among them gets its
            default in a new record.
        present: the columns that the file has; only these change an existing record.
    """

    def __init__(
        self, table: FromClause, key: Sequence[str], fields: Sequence[str | None], present: Sequence[str]
    ) -> None:
        self._table = cast(Table, table)
        self._key = tuple(key)
        self._key_of = itemgetter(*[fields.index(name) for name in key])
        self._columns = tuple(name for name in fields if name is not None)
        self._values_of = (
            None if None not in fields else _picked([n for n, name in enumerate(fields) if name is not None])
        )
        self._binders = [self._binder(name) for name in self._columns]
        self._sql = self._statement(set(present) - set(key))
        self._copy = COPY_BATCH.format(
            table=DIALECT.identifier_preparer.format_table(self._table),
            columns=", ".join(map(DIALECT.identifier_preparer.quote, self._columns)),
        )
        self._creates_all: set[int] = set()

    def run(self, connection: Connection, rows: Sequence[ValidRow], sequence: int) -> Effects:
        """Save rows, given in ascending row number; of a key that comes twice only the last row is written.

        Written in the order of their keys, so that two batches cannot deadlock.
        """
        last = {self._key_of(row.values): row for row in rows}
        batch = [last[key] for key in sorted(last, key=str)]
        columns = self._bound(batch)
        row_numbers = [row.row_number for row in batch]
        if self._expects_new(batch, sequence):
            if self._create(connection, columns, row_numbers, sequence):
                return Effects(created=len(batch), superseded=len(rows) - len(batch))
            self._creates_all.discard(sequence)
        created, changed, saved = self._create_or_update(connection, columns, row_numbers, sequence)
        if created == len(batch):
            self._expect_new(sequence)
        return Effects(created, changed - created, saved - changed, len(rows) - saved)

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
            copy_rows(connection, self._copy, "\n".join(lines), len(row_numbers))
        except (OperationalError, InterfaceError):
            raise
        except (DBAPIError, RowsSkippedError):
            return False
        return True

    def _create_or_update(
        self, connection: Connection, columns: list[Sequence[Any]], row_numbers: list[int], sequence: int
    ) -> tuple[int, int, int]:
        """How many records were created, changed in all, and written in all."""
        parameters: dict[str, Any] = {
            "sequence": sequence,
            "row_numbers": integer_array_literal(row_numbers),
            **{f"column_{index}": array_literal(values) for index, values in enumerate(columns)},
        }
        created, changed, saved = connection.exec_driver_sql(self._sql, parameters).one()
        return created, changed, saved

    def _binder(self, name: str) -> Callable[[Any], Any] | None:
        processor = self._table.c[name].type.dialect_impl(DIALECT).bind_processor(DIALECT)
        if processor is None:
            return None
        return lambda value: None if value is None else processor(value)

    def _array_type(self, name: str) -> str:
        compiled = self._table.c[name].type.compile(DIALECT)
        # A cast to varchar(n) would cut a long text in silence; assigning text to the column raises.
        return "text" + "[]" * compiled.count("[]") if compiled.startswith(("VARCHAR", "CHAR")) else compiled

    def _statement(self, updated: set[str]) -> str:
        quote = DIALECT.identifier_preparer.quote
        types = {name: self._array_type(name) for name in self._columns}
        # An array of arrays would be flattened by unnest: such a column travels as text and is cast after.
        nested = {name for name in self._columns if types[name].endswith("[]")}
        written = [quote(name) for name in self._columns if name in updated]
        old, new = (", ".join(f"{side}.{name}" for name in written) for side in ("record", "excluded"))
        return SAVE_BATCH.format(
            table=DIALECT.identifier_preparer.format_table(self._table),
            columns=", ".join(map(quote, self._columns)),
            selected=", ".join(f"{quote(n)}::{types[n]}" if n in nested else quote(n) for n in self._columns),
            arrays=", ".join(
                f"%(column_{i})s::{'text' if name in nested else types[name]}[]"
                for i, name in enumerate(self._columns)
            ),
            key=", ".join(map(quote, self._key)),
            assignments="".join(f"{name} = excluded.{name},\n        " for name in written),
            changed=f"({old}) IS DISTINCT FROM ({new})" if written else "false",
        )
