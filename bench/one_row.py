"""What one job does in every peer: the same checks, and an upsert of one row through psycopg2."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import Any

import psycopg2
from psycopg2.extras import execute_values

from bench.contacts_file import COLUMNS
from importer.record_types.contacts import ContactRow

UPSERT = """
INSERT INTO floor (email, name, company, phone, signup_date, balance)
VALUES (%(email)s, %(name)s, %(company)s, %(phone)s, %(signup_date)s, %(balance)s)
ON CONFLICT (email) DO UPDATE SET
    name = excluded.name, company = excluded.company, phone = excluded.phone,
    signup_date = excluded.signup_date, balance = excluded.balance
"""

UPSERT_MANY = UPSERT.replace(UPSERT[UPSERT.index("VALUES") : UPSERT.index("ON CONFLICT")], "VALUES %s\n")

_of_thread = threading.local()


def connection() -> Any:
    """The connection of this thread, which commits each statement."""
    if not hasattr(_of_thread, "connection"):
        _of_thread.connection = psycopg2.connect(os.environ["BENCH_DATABASE_URL"])
        _of_thread.connection.autocommit = True
    return _of_thread.connection


def check(cells: Sequence[str]) -> dict[str, Any]:
    """The contact's values.

    Raises:
        pydantic.ValidationError: a cell is wrong.
    """
    return ContactRow(**dict(zip(COLUMNS, cells, strict=True))).model_dump()


def save(cells: Sequence[str]) -> None:
    """Check one contact and save it."""
    with connection().cursor() as cursor:
        cursor.execute(UPSERT, check(cells))


def save_many(rows: Sequence[Sequence[str]]) -> None:
    """Check contacts and save them in one statement, sorted so that two batches cannot deadlock."""
    values = sorted(tuple(check(cells).values()) for cells in rows)
    with connection().cursor() as cursor:
        execute_values(cursor, UPSERT_MANY, values, page_size=len(values))
