"""Failed rows: `failed_rows` alone says which of the rows that have ended failed, and it owns their cells.

`attempts` says how many attempts of the row have failed. Only the next one may take effect, and only for whoever
has locked the row: a job of an earlier attempt changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from importer.errors import shortened
from importer.files.problems import Problem
from importer.ledger.planning import use_indexes
from importer.record_types.literals import array_literal, integer_array_literal
from importer.record_types.reasons import Reason

SAVE = """
INSERT INTO failed_rows
    (import_sequence, row_number, line_number, code, column_name, message, cells, problem, attempts, faults)
SELECT %(sequence)s, row_number, line_number, code, column_name, message, cells, problem, attempt, faults
FROM unnest(%(row_numbers)s::integer[], %(line_numbers)s::integer[], %(codes)s::text[], %(column_names)s::text[],
    %(messages)s::text[], %(cells)s::text[], %(problems)s::jsonb[], %(attempts)s::integer[],
    %(faults)s::jsonb[])
    AS batch (row_number, line_number, code, column_name, message, cells, problem, attempt, faults)
ORDER BY row_number
ON CONFLICT (import_sequence, row_number) DO UPDATE SET
    code = excluded.code,
    column_name = excluded.column_name,
    message = excluded.message,
    faults = excluded.faults,
    attempts = excluded.attempts,
    failed_at = now(),
    retry_requested_at = NULL
"""

LOCK = """
SELECT failed.row_number, failed.line_number, failed.cells, failed.problem, failed.attempts + 1
FROM unnest(%(row_numbers)s::integer[], %(attempts)s::integer[]) AS wanted (row_number, attempt)
JOIN failed_rows AS failed USING (row_number)
WHERE failed.import_sequence = %(sequence)s AND failed.attempts = wanted.attempt - 1
ORDER BY failed.row_number
FOR UPDATE OF failed
"""

DELETE = """
DELETE FROM failed_rows
WHERE import_sequence = %(sequence)s AND row_number = ANY(%(row_numbers)s::integer[])
"""

END_OF_PORTION = """
SELECT max(row_number) FROM (
    SELECT row_number FROM failed_rows
    WHERE import_sequence = %(sequence)s AND row_number > %(after)s
    ORDER BY row_number LIMIT %(most)s) AS portion
"""

DELETE_PORTION = """
DELETE FROM failed_rows
WHERE import_sequence = %(sequence)s AND row_number > %(after)s AND row_number <= %(last)s
"""

ROWS_PER_DELETE = 2_000


class Attempt(NamedTuple):
    """One try of a row, with the row as it is tried.

    Attributes:
        row_number: in the file, from 1.
        line_number: physical line of the file, the header's is 1.
        cells: as text; an empty cell is an empty text.
        problem: what reading found wrong.
        number: of the try; the first is 1.
    """

    row_number: int
    line_number: int
    cells: list[str]
    problem: Problem | None
    number: int = 1


class Failure(NamedTuple):
    """An attempt that failed, and its reason.

    Attributes:
        code, column, message: of the first fault; the message names the others.
        faults: every fault, where there are several.
    """

    attempt: Attempt
    code: str
    column: str | None
    message: str
    faults: Sequence[Reason] | None = None


def lock_attempts(connection: Connection, sequence: int, attempts: Mapping[int, int]) -> list[Attempt]:
    """Lock failed rows to try them again, in ascending order, with their cells as they are now.

    Args:
        attempts: by row number, which attempt this is.

    Returns:
        Those whose next attempt has this number. Of the others a later attempt has begun, or they are imported.
    """
    if not attempts:
        return []
    parameters = {
        "sequence": sequence,
        "row_numbers": integer_array_literal(attempts),
        "attempts": integer_array_literal(attempts.values()),
    }
    return [
        Attempt(number, line, json.loads(cells), Problem(*problem) if problem else None, attempt)
        for number, line, cells, problem, attempt in connection.exec_driver_sql(LOCK, parameters)
    ]


def save_failures(connection: Connection, sequence: int, failures: Sequence[Failure]) -> None:
    """Keep the cells and the reason of rows that failed; of one that failed before, the new reason."""
    if not failures:
        return
    tried = [failure.attempt for failure in failures]
    parameters = {
        "sequence": sequence,
        "row_numbers": integer_array_literal(attempt.row_number for attempt in tried),
        "line_numbers": integer_array_literal(attempt.line_number for attempt in tried),
        "codes": array_literal(_storable(failure.code)[:100] for failure in failures),
        "column_names": array_literal(failure.column and _storable(failure.column)[:255] for failure in failures),
        "messages": array_literal(shortened(_storable(failure.message)) for failure in failures),
        "cells": array_literal(json.dumps(attempt.cells) for attempt in tried),
        "problems": array_literal(attempt.problem and json.dumps(attempt.problem) for attempt in tried),
        "attempts": integer_array_literal(attempt.number for attempt in tried),
        "faults": array_literal(failure.faults and _faults(failure.faults) for failure in failures),
    }
    connection.exec_driver_sql(SAVE, parameters)


def delete_failures(connection: Connection, sequence: int, row_numbers: Iterable[int]) -> None:
    """Forget rows that were imported after all."""
    numbers = list(row_numbers)
    if numbers:
        connection.exec_driver_sql(DELETE, {"sequence": sequence, "row_numbers": integer_array_literal(numbers)})


def delete_failures_after(connection: Connection, sequence: int, after: int) -> int | None:
    """Delete some failed rows of an import, at most 2,000, in the order in which a batch locks them.

    Args:
        after: the row number after which they come.

    Returns:
        The number of the row deleted last; None where there was none.
    """
    use_indexes(connection)
    portion = {"sequence": sequence, "after": after, "most": ROWS_PER_DELETE}
    last: int | None = connection.exec_driver_sql(END_OF_PORTION, portion).scalar()
    if last is not None:
        connection.exec_driver_sql(DELETE_PORTION, {**portion, "last": last})
    return last


def _faults(reasons: Sequence[Reason]) -> str:
    """Faults as JSON, each with its field or null, its code and its sentence."""
    return json.dumps(
        [
            (field and _storable(field)[:255], _storable(code)[:100], shortened(_storable(sentence)))
            for field, code, sentence in reasons
        ]
    )


def _storable(text: str) -> str:
    """Without NUL and lone surrogates, which Postgres text cannot hold."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
