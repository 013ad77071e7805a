"""How Postgres is to find the rows of a portion, whatever its statistics say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from importer.errors import ImporterError

USE_INDEXES = """
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
    set_config('enable_sort', 'off', true)
"""


def use_indexes(connection: Connection) -> None:
    """Until the end of the transaction, walk along an index.

    A portion is a few of many rows. Where statistics are old, Postgres may read the whole table for each portion.
    """
    connection.exec_driver_sql(USE_INDEXES)


TOO_SLOW = "57014"
"""Postgres's code of a statement that was ended, here because it took too long."""


class TooSlowError(ImporterError):
    """To look through so many rows takes too long. Choose fewer of them, such as those of a group."""


@contextmanager
def in_passing(connection: Connection, *, seconds: float | None = None, **settings: str) -> Iterator[None]:
    """Within the caller's transaction, give Postgres settings that hold for what is read in here alone.

    Args:
        seconds: the longest that a statement may take; None: as long as any.
        settings: by name, as `SET` takes them.

    Raises:
        TooSlowError: a statement took longer.
    """
    if seconds is not None:
        settings["statement_timeout"] = f"{seconds * 1000:.0f}ms"
    with connection.begin_nested() as savepoint:
        for name, value in settings.items():
            connection.exec_driver_sql("SELECT set_config(%s, %s, true)", (name, value))
        try:
            yield
        except DBAPIError as error:
            if seconds is not None and getattr(error.orig, "pgcode", None) == TOO_SLOW:
                raise TooSlowError from error
            raise
        finally:
            savepoint.rollback()
