"""COPY: the fastest way to write rows of which none is there yet.

Postgres adds a page of them at a time, where `INSERT … ON CONFLICT` looks for each, marks it as tentative and
confirms it (docs/performance.md).
"""

from __future__ import annotations

import contextlib
import io
from typing import Any, cast

import psycopg2
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from importer.errors import ImporterError


class RowsSkippedError(ImporterError):
    """The table took fewer rows than it was given."""


WORTHWHILE_ROWS = 20
"""For fewer rows, the savepoint that a COPY needs costs more than the COPY saves."""


def is_worthwhile(rows: int) -> bool:
    """Whether so many rows are enough for a COPY."""
    return rows >= WORTHWHILE_ROWS


def copy_rows(connection: Connection, statement: str, lines: str, rows: int) -> None:
    """Write rows, all or none, in a savepoint, so that the transaction outlives a refusal.

    Args:
        statement: `COPY table (columns) FROM STDIN`.
        lines: the rows in Postgres's text format; `importer.record_types.literals.copy_column` escapes values.
        rows: how many these are.

    Raises:
        RowsSkippedError: a trigger of the table skipped some.
        sqlalchemy.exc.DBAPIError: as any other statement would; `IntegrityError` where one of the rows exists.
    """
    with connection.begin_nested(), contextlib.closing(connection.connection.cursor()) as cursor:
        try:
            cast(Any, cursor).copy_expert(statement, io.BytesIO(lines.encode()))
        except psycopg2.Error as error:
            raise cast(DBAPIError, DBAPIError.instance(statement, None, error, psycopg2.Error)) from error
        if cursor.rowcount != rows:
            raise RowsSkippedError
