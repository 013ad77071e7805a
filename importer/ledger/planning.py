"""How Postgres is to find the rows of a portion, whatever its statistics say."""

from __future__ import annotations

from sqlalchemy import Connection

USE_INDEXES = """
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
    set_config('enable_sort', 'off', true)
"""


def use_indexes(connection: Connection) -> None:
    """Until the end of the transaction, walk along an index.

    A portion is a few of many rows. Where statistics are old, Postgres may read the whole table for each portion.
    """
    connection.exec_driver_sql(USE_INDEXES)
