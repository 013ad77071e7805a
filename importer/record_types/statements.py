"""The SQL that creates or updates the records of a batch, for one table and one set of fields.

A cell without a value is NULL. An import either keeps what the record has in its place, or clears it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import psycopg2

DIALECT = psycopg2.dialect()

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
        AND set_config('importer.met', (record.imported_by << 32 | record.imported_row)::text, true) IS NOT NULL
        AND {counted}
    RETURNING xmax = 0 AS created, (changed_by, changed_row) = (imported_by, imported_row) AS changed,
        imported_row, {count} AS empty_cells,
        CASE WHEN xmax <> 0 THEN current_setting('importer.met')::bigint END AS met
)
SELECT count(*) FILTER (WHERE created), count(*) FILTER (WHERE changed), count(*), {empty_cells},
    array_agg(imported_row) FILTER (WHERE NOT created), array_agg(met) FILTER (WHERE NOT created),
    array_agg(changed) FILTER (WHERE NOT created)
FROM saved
"""
"""A record that a later row has written is not returned: this row is superseded. Unchanged values still move the
provenance forward, or an older row could win later.

Before Postgres 18 RETURNING does not see the record as it was. So the condition of the update, which is asked once
for each record that exists and is locked, notes in a setting of this transaction who had written it."""

NOTE_COUNT = "set_config('importer.empty_cells', ({empty_cells})::text, true) IS NOT NULL"

COUNT = "CASE WHEN xmax = 0 THEN 0 ELSE current_setting('importer.empty_cells')::integer END"
"""The number of cells is noted as the writer is."""

EMPTY_CELLS = """
    COALESCE(sum(empty_cells), 0) + COALESCE(sum((
        SELECT cells FROM unnest(%(merged_rows)s::integer[], %(merged_cells)s::integer[]) AS merged (number, cells)
        WHERE number = imported_row)), 0)
"""

FILL_RECORDS = """
UPDATE {table} AS record SET {assignments}, changed_by = %(sequence)s, changed_row = late.row_number
FROM (
    SELECT {selected}, row_number
    FROM unnest({arrays}, %(row_numbers)s::integer[]) AS batch ({columns}, row_number)
) AS late
WHERE ({record_key}) = ({late_key}) AND record.imported_by = %(sequence)s
    AND record.imported_row > late.row_number AND ({has_values})
RETURNING late.row_number
"""
"""Rows that come after a later one of the same import and key: they fill what has no value. The statement before
has locked the records, so nothing can wait here."""

LATE_ROWS = """
SELECT late.row_number, record.imported_by << 32 | record.imported_row
FROM {table} AS record JOIN (
    SELECT {selected}, row_number
    FROM unnest({arrays}, %(row_numbers)s::integer[]) AS batch ({columns}, row_number)
) AS late ON ({record_key}) = ({late_key})
WHERE (record.imported_by, record.imported_row) > (%(sequence)s, late.row_number)
"""
"""Rows whose record a later row had written, and which one."""


class Statements(NamedTuple):
    """What is executed for a table and the fields that a file fills.

    Attributes:
        copy: creates records, none of which exists.
        save: creates or updates them, where every cell has a value.
        save_with_empty_cells: the same where some have none; those of existing records are counted.
        fill: gives late rows' values to records without one; None where the import clears, or changes nothing.
        late: finds the rows whose record a later row had written.
    """

    copy: str
    save: str
    save_with_empty_cells: str
    fill: str | None
    late: str


def statements(
    table: Table, key: Sequence[str], columns: Sequence[str], present: Sequence[str], *, clears: bool
) -> Statements:
    """Those for one table.

    Args:
        key: columns that identify a record.
        columns: those that get a value in a new record.
        present: those that change an existing record.
        clears: whether a cell without a value clears that of an existing record.
    """
    quote = DIALECT.identifier_preparer.quote
    names = {"table": DIALECT.identifier_preparer.format_table(table), "columns": ", ".join(map(quote, columns))}
    names |= _unnested(table, columns)
    changing = [quote(name) for name in columns if name in present and name not in key]
    quoted_key = [quote(name) for name in key]
    names |= _keys(table, key)
    return Statements(
        COPY_BATCH.format(**names),
        _save(names, quoted_key, changing, clears=True, counts=False),
        _save(names, quoted_key, changing, clears=clears, counts=bool(changing)),
        _fill(names, changing) if changing and not clears else None,
        LATE_ROWS.format(**names),
    )


def _unnested(table: Table, columns: Sequence[str]) -> dict[str, str]:
    """How the arrays of a batch are written, and what is selected from them."""
    quote = DIALECT.identifier_preparer.quote
    types = {name: _array_type(table, name) for name in columns}
    # An array of arrays would be flattened by unnest: such a column travels as text and is cast after.
    nested = {name for name in columns if types[name].endswith("[]")}
    arrays = (f"%(column_{i})s::{'text' if n in nested else types[n]}[]" for i, n in enumerate(columns))
    selected = (f"{quote(n)}::{types[n]} AS {quote(n)}" if n in nested else quote(n) for n in columns)
    return {"arrays": ", ".join(arrays), "selected": ", ".join(selected)}


def _array_type(table: Table, name: str) -> str:
    compiled = str(table.c[name].type.compile(DIALECT))
    # A cast to varchar(n) would cut a long text in silence; assigning text to the column raises.
    return "text" + "[]" * compiled.count("[]") if compiled.startswith(("VARCHAR", "CHAR")) else compiled


def _save(names: dict[str, str], key: list[str], changing: list[str], *, clears: bool, counts: bool) -> str:
    new = [f"excluded.{n}" if clears else f"COALESCE(excluded.{n}, record.{n})" for n in changing]
    old = [f"record.{name}" for name in changing]
    lost = " + ".join(f"(excluded.{n} IS NULL AND record.{n} IS NOT NULL)::integer" for n in changing)
    return SAVE_BATCH.format(
        **names,
        key=", ".join(key),
        assignments="".join(f"{name} = {value},\n        " for name, value in zip(changing, new, strict=True)),
        changed=f"({', '.join(old)}) IS DISTINCT FROM ({', '.join(new)})" if changing else "false",
        counted=NOTE_COUNT.format(empty_cells=lost) if counts else "true",
        count=COUNT if counts else "0",
        empty_cells=EMPTY_CELLS if counts else "0",
    )


def _fill(names: dict[str, str], changing: list[str]) -> str:
    return FILL_RECORDS.format(
        **names,
        assignments=", ".join(f"{name} = COALESCE(record.{name}, late.{name})" for name in changing),
        has_values=" OR ".join(f"record.{name} IS NULL AND late.{name} IS NOT NULL" for name in changing),
    )


def _keys(table: Table, key: Sequence[str]) -> dict[str, str]:
    """The key of a record, and that of a late row as the same type: an index on CHAR finds no text."""
    types = {DIALECT.identifier_preparer.quote(name): table.c[name].type.compile(DIALECT) for name in key}
    return {
        "record_key": ", ".join(f"record.{name}" for name in types),
        "late_key": ", ".join(f"late.{name}::{type_}" for name, type_ in types.items()),
    }
