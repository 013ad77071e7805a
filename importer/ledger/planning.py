"""How Postgres is to find the rows of a portion, whatever its statistics say."""

from __future__ import annotations

import time
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


class Budget:
    """Seconds that several statements of one request share."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    @property
    def is_spent(self) -> bool:
        """Whether they are over."""
        return time.monotonic() >= self._until

    def share(self, *, least: float, most: float) -> float:
        """The seconds that the next statement may take: what is left, within these bounds."""
        return max(least, min(most, self._until - time.monotonic()))


SET = """
SELECT set_config(name, setting, true) FROM unnest(%s::text[], %s::text[]) AS settings (name, setting)
"""


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
        # Where the time is up just as parallel workers leave, Postgres ends the next statement instead.
        settings["max_parallel_workers_per_gather"] = "0"
        settings["statement_timeout"] = f"{seconds * 1000:.0f}ms"
    with connection.begin_nested() as savepoint:
        connection.exec_driver_sql(SET, (list(settings), list(settings.values())))
        try:
            yield
        except DBAPIError as error:
            if seconds is not None and getattr(error.orig, "pgcode", None) == TOO_SLOW:
                raise TooSlowError from error
            raise
        finally:
            savepoint.rollback()
