"""What one job does in every peer: the same checks, and an upsert of one row through psycopg2."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import psycopg2

from bench.contacts_file import COLUMNS
from importer.record_types.contacts import ContactRow

UPSERT = """
INSERT INTO floor (email, name, company, phone, signup_date, balance)
VALUES (%(email)s, %(name)s, %(company)s, %(phone)s, %(signup_date)s, %(balance)s)
ON CONFLICT (email) DO UPDATE SET
    name = excluded.name, company = excluded.company, phone = excluded.phone,
    signup_date = excluded.signup_date, balance = excluded.balance
"""


@cache
def connection() -> Any:
    """One to a process, committing each row."""
    made = psycopg2.connect(os.environ["BENCH_DATABASE_URL"])
    made.autocommit = True
    return made


def save(cells: list[str]) -> None:
    """Check one contact and save it."""
    values = ContactRow(**dict(zip(COLUMNS, cells, strict=True))).model_dump()
    with connection().cursor() as cursor:
        cursor.execute(UPSERT, values)
