"""The ledger: a line for the rows that a batch ended (docs/design.md, rules 6, 9 and 11).

A line is a set of numbers, each `import sequence << 32 | row number`. The table's exclusion constraint refuses a
line that shares a number with another, so Postgres itself sees to it that a row ends once. Neighbouring rows are
one range, so a line takes as few bytes for thousands of rows as for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Connection

from importer.files.row_numbers import ROW_BITS
from importer.ledger.planning import use_indexes

ENTER = """
INSERT INTO ledger (rows) VALUES (%(rows)s::int8multirange) ON CONFLICT DO NOTHING RETURNING id
"""

KNOWN = """
SELECT lower(part), upper(part)
FROM ledger, unnest(rows * %(rows)s::int8multirange) AS part
WHERE rows && %(rows)s::int8multirange
"""

WITHDRAW = "UPDATE ledger SET rows = rows - %(rows)s::int8multirange WHERE id = %(id)s"

WITHDRAW_ALL = "DELETE FROM ledger WHERE id = %(id)s"

HIGHEST = "SELECT max(upper(rows)) - 1 FROM ledger WHERE rows && %(rows)s::int8multirange"

COUNT = """
SELECT COALESCE(sum(upper(part) - lower(part)), 0)
FROM ledger, unnest(rows) AS part
WHERE rows && %(rows)s::int8multirange
"""

DELETE = """
DELETE FROM ledger WHERE id = ANY(ARRAY(
    SELECT id FROM ledger WHERE rows && %(rows)s::int8multirange LIMIT %(most)s))
"""

LINES_PER_DELETE = 2_000

LAST_ROW = 2**ROW_BITS - 1


class Entered(NamedTuple):
    """The line of a batch.

    Attributes:
        id: of the line; None where no row was new.
        row_numbers: the rows that end with this batch.
    """

    id: int | None
    row_numbers: Sequence[int]


def enter(connection: Connection, sequence: int, row_numbers: Sequence[int]) -> Entered:
    """Enter those of these rows that have not ended yet.

    Waits for a batch that is entering one of them too. A transaction enters one line, before it locks a record, so
    that two can never wait for each other.

    Args:
        row_numbers: in ascending order.
    """
    left = row_numbers
    while left:
        parameters = {"rows": _literal(sequence, left)}
        line = connection.exec_driver_sql(ENTER, parameters).scalar()
        if line is not None:
            return Entered(line, left)
        known = _known(connection, sequence, parameters)
        left = [number for number in left if number not in known]
    return Entered(None, ())


def withdraw(connection: Connection, sequence: int, line: Entered, row_numbers: Sequence[int]) -> None:
    """Take rows that were not reached, given in ascending order, out of the batch's own line."""
    if len(row_numbers) == len(line.row_numbers):
        connection.exec_driver_sql(WITHDRAW_ALL, {"id": line.id})
    elif row_numbers:
        connection.exec_driver_sql(WITHDRAW, {"rows": _literal(sequence, row_numbers), "id": line.id})


def known_rows(connection: Connection, sequence: int, first: int, last: int) -> set[int]:
    """Which rows from `first` to `last` have ended."""
    return _known(connection, sequence, {"rows": _literal(sequence, range(first, last + 1))})


def highest_row(connection: Connection, sequence: int) -> int:
    """The highest row number that has ended, 0 where none has."""
    highest = connection.exec_driver_sql(HIGHEST, {"rows": _all_rows(sequence)}).scalar()
    return 0 if highest is None else int(highest) & LAST_ROW


def count_rows(connection: Connection, sequence: int) -> int:
    """How many rows of an import have ended."""
    return int(connection.exec_driver_sql(COUNT, {"rows": _all_rows(sequence)}).scalar_one())


def delete_some_lines(connection: Connection, sequence: int) -> int:
    """Delete some lines of an import, at most 2,000; return how many, 0 where none is left."""
    use_indexes(connection)
    deleted = connection.exec_driver_sql(DELETE, {"rows": _all_rows(sequence), "most": LINES_PER_DELETE})
    return deleted.rowcount


def _known(connection: Connection, sequence: int, parameters: dict[str, str]) -> set[int]:
    base = sequence << ROW_BITS
    known: set[int] = set()
    for first, end in connection.exec_driver_sql(KNOWN, parameters):
        known.update(range(first - base, end - base))
    return known


def _literal(sequence: int, row_numbers: Sequence[int]) -> str:
    """Row numbers in ascending order as a multirange."""
    base = sequence << ROW_BITS
    if row_numbers[-1] - row_numbers[0] == len(row_numbers) - 1:
        return _range(base + row_numbers[0], base + row_numbers[-1])
    runs = (list(run) for _, run in groupby(enumerate(row_numbers), lambda pair: pair[1] - pair[0]))
    ranges = [f"[{base + run[0][1]},{base + run[-1][1]}]" for run in runs]
    return "{" + ",".join(ranges) + "}"


def _range(first: int, last: int) -> str:
    return f"{{[{first},{last}]}}"


def _all_rows(sequence: int) -> str:
    base = sequence << ROW_BITS
    return _range(base, base + LAST_ROW)
