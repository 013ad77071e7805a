"""The ledger's lines and the failed rows beside them, written in bulk.

The ledger alone decides about a row's outcome, so two workers can never disagree; a row that it knows as
imported takes no effect again, one that it knows as failed may (docs/design.md, rules 6 and 11).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from importer.models import RowOutcome
from importer.record_types.copying import copy_rows, is_worthwhile
from importer.record_types.literals import array_literal, integer_array_literal
from importer.statuses import UNFINISHED
from jobs.rows.outcomes import Failure

COPY_LINES = "COPY ledger (import_sequence, row_number, outcome) FROM STDIN"
"""Of rows that the ledger does not know, as nearly all are. Those of an import that has ended roll back with the
batch, whose counters then move no more."""

ENTER = """
WITH entered AS (
    INSERT INTO ledger (import_sequence, row_number, outcome)
    SELECT %(sequence)s, row_number, outcome
    FROM unnest(%(row_numbers)s::integer[], %(outcomes)s::smallint[])
        WITH ORDINALITY AS batch (row_number, outcome, position)
    WHERE (SELECT status = ANY(%(unfinished)s) FROM imports WHERE sequence = %(sequence)s)
        OR EXISTS (SELECT FROM ledger AS line
            WHERE line.import_sequence = %(sequence)s AND line.row_number = batch.row_number)
    ORDER BY position
    ON CONFLICT (import_sequence, row_number) DO UPDATE SET outcome = excluded.outcome
    WHERE ledger.outcome = %(failed)s
    RETURNING row_number, xmax = 0 AS is_first
)
SELECT array_agg(row_number) FILTER (WHERE is_first), array_agg(row_number) FILTER (WHERE NOT is_first)
FROM entered
"""
"""An import that has ended gets no new line: of its rows only those that failed may take effect."""

MARK_FAILED = """
UPDATE ledger SET outcome = %(failed)s
WHERE import_sequence = %(sequence)s AND row_number = ANY(%(row_numbers)s::integer[])
"""

WITHDRAW = """
DELETE FROM ledger
WHERE import_sequence = %(sequence)s AND row_number = ANY(%(row_numbers)s::integer[])
"""

KNOWN = """
SELECT row_number FROM ledger
WHERE import_sequence = %(sequence)s AND row_number BETWEEN %(first)s AND %(last)s
"""

SAVE_FAILED_ROWS = """
INSERT INTO failed_rows (import_sequence, row_number, line_number, code, column_name, message, cells, problem)
SELECT %(sequence)s, row_number, line_number, code, column_name, message, cells, problem
FROM unnest(%(row_numbers)s::integer[], %(line_numbers)s::integer[], %(codes)s::text[], %(column_names)s::text[],
    %(messages)s::text[], %(cells)s::text[], %(problems)s::jsonb[])
    AS batch (row_number, line_number, code, column_name, message, cells, problem)
ORDER BY row_number
ON CONFLICT (import_sequence, row_number) DO UPDATE SET
    code = excluded.code,
    column_name = excluded.column_name,
    message = excluded.message,
    attempts = failed_rows.attempts + 1,
    failed_at = now(),
    retry_requested_at = NULL
"""

DELETE_FAILED_ROWS = """
DELETE FROM failed_rows
WHERE import_sequence = %(sequence)s AND row_number = ANY(%(row_numbers)s::integer[])
"""


def enter(
    connection: Connection, sequence: int, imported: Sequence[int], failed: Sequence[int]
) -> dict[int, bool]:
    """Enter rows by their outcome, each of the two in ascending order.

    Returns:
        The rows that may take effect now; by row number, whether it is their first time (else they had failed).
    """
    rows = [*imported, *failed]
    if is_worthwhile(len(rows)) and _are_new(connection, sequence, imported, failed):
        return dict.fromkeys(rows, True)
    outcomes = [RowOutcome.IMPORTED] * len(imported) + [RowOutcome.FAILED] * len(failed)
    parameters = {
        "sequence": sequence,
        "row_numbers": integer_array_literal(rows),
        "outcomes": integer_array_literal(outcomes),
        "failed": int(RowOutcome.FAILED),
        "unfinished": list(UNFINISHED),
    }
    first, again = connection.exec_driver_sql(ENTER, parameters).one()
    return dict.fromkeys(first or (), True) | dict.fromkeys(again or (), False)


def _are_new(connection: Connection, sequence: int, imported: Sequence[int], failed: Sequence[int]) -> bool:
    """Enter all rows; where one is there already, none."""
    lines = _lines(sequence, imported, RowOutcome.IMPORTED) + _lines(sequence, failed, RowOutcome.FAILED)
    try:
        copy_rows(connection, COPY_LINES, lines, len(imported) + len(failed))
    except IntegrityError:
        return False
    return True


def _lines(sequence: int, rows: Sequence[int], outcome: RowOutcome) -> str:
    before, after = f"{sequence}\t", f"\t{outcome}\n"
    return before + f"{after}{before}".join(map(str, rows)) + after if rows else ""


def mark_failed(connection: Connection, sequence: int, row_numbers: Iterable[int]) -> None:
    """Rows that were entered as imported and then failed to be saved."""
    _on_rows(connection, MARK_FAILED, sequence, row_numbers)


def withdraw(connection: Connection, sequence: int, row_numbers: Iterable[int]) -> None:
    """Rows that were entered for the first time and then not got to."""
    _on_rows(connection, WITHDRAW, sequence, row_numbers)


def known_rows(connection: Connection, sequence: int, first: int, last: int) -> set[int]:
    """Which rows from `first` to `last` have ended already."""
    parameters = {"sequence": sequence, "first": first, "last": last}
    return set(connection.exec_driver_sql(KNOWN, parameters).scalars())


def save_failed_rows(connection: Connection, sequence: int, failures: Sequence[Failure]) -> None:
    """Keep the cells and the reason of rows that failed; of one that failed before, the new reason."""
    if not failures:
        return
    parameters = {
        "sequence": sequence,
        "row_numbers": integer_array_literal(failure.row.row_number for failure in failures),
        "line_numbers": integer_array_literal(failure.row.line_number for failure in failures),
        "codes": array_literal(_storable(failure.code)[:100] for failure in failures),
        "column_names": array_literal(failure.column and _storable(failure.column)[:255] for failure in failures),
        "messages": array_literal(_storable(failure.message) for failure in failures),
        "cells": array_literal(json.dumps(failure.row.cells) for failure in failures),
        "problems": array_literal(failure.row.problem and json.dumps(failure.row.problem) for failure in failures),
    }
    connection.exec_driver_sql(SAVE_FAILED_ROWS, parameters)


def delete_failed_rows(connection: Connection, sequence: int, row_numbers: Iterable[int]) -> None:
    """Forget the reasons of rows that were imported after all."""
    _on_rows(connection, DELETE_FAILED_ROWS, sequence, row_numbers)


def _on_rows(connection: Connection, statement: str, sequence: int, row_numbers: Iterable[int]) -> None:
    numbers = list(row_numbers)
    if numbers:
        failed = int(RowOutcome.FAILED)
        parameters = {"sequence": sequence, "row_numbers": integer_array_literal(numbers), "failed": failed}
        connection.exec_driver_sql(statement, parameters)


def _storable(text: str) -> str:
    """Without NUL and lone surrogates, which Postgres text cannot hold."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
