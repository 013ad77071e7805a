"""What others have in a database that the product shares with them."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import psycopg2
from psycopg2 import sql

TABLES = """
CREATE TABLE public.users (id serial PRIMARY KEY, email text, role text);
INSERT INTO public.users (email, role) VALUES ('ann@example.com', 'admin');
CREATE TABLE public.imports (id text PRIMARY KEY, status text);
INSERT INTO public.imports VALUES ('theirs', 'running');
CREATE TABLE public.ledger (id int PRIMARY KEY, rows text);
CREATE TABLE public.accounts (number text PRIMARY KEY, iban text NOT NULL);
CREATE TABLE public.contacts (email text PRIMARY KEY);
CREATE TABLE public.alembic_version (version_num varchar(32) CONSTRAINT alembic_version_pkc PRIMARY KEY);
INSERT INTO public.alembic_version VALUES ('0003'), ('5f2c')
"""
"""Tables with our names, and a version table with a number that is also ours."""

NAMES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i', 'S')"


def execute(database_url: str, statements: str) -> None:
    with closing(psycopg2.connect(database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statements)


def look(database_url: str, query: str) -> Any:
    """What a query finds first."""
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def everything(database_url: str) -> dict[str, Any]:
    """All that the schema public holds, and the columns and rows of its tables."""
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(NAMES)
        found: dict[str, Any] = {name: None for (name,) in cursor.fetchall()}
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(sql.SQL("TABLE public.{}").format(sql.Identifier(table)))
            found[table] = [column.name for column in cursor.description], cursor.fetchall()
        return found
