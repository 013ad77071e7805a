"""The floor: what Postgres itself needs for the same rows, without checks, jobs and ledger.

COPY into a staging table and one `INSERT … ON CONFLICT DO UPDATE` from it.
"""

from __future__ import annotations

import time
from pathlib import Path

import psycopg2

TABLES = """
CREATE TABLE floor (
    email varchar(254) PRIMARY KEY, name varchar(200) NOT NULL, company varchar(200), phone varchar(50),
    signup_date date, balance numeric(14, 2))
"""

STAGE = "CREATE TEMPORARY TABLE staging (LIKE floor) ON COMMIT DROP"

COPY = "COPY staging FROM STDIN WITH (FORMAT csv, HEADER)"

SAVE = """
INSERT INTO floor SELECT DISTINCT ON (email) * FROM staging ORDER BY email
ON CONFLICT (email) DO UPDATE SET
    name = excluded.name, company = excluded.company, phone = excluded.phone,
    signup_date = excluded.signup_date, balance = excluded.balance
"""


def seconds(database_url: str, file: Path) -> float:
    """How long one file takes into an empty table, its transaction's COMMIT included."""
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS floor")
            cursor.execute(TABLES)
        began = time.perf_counter()
        with connection, connection.cursor() as cursor, file.open() as source:
            cursor.execute(STAGE)
            cursor.copy_expert(COPY, source)
            cursor.execute(SAVE)
        return time.perf_counter() - began
    finally:
        connection.close()
