"""The product with a record type of somebody's own, whose migrations are run by `flask db`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import create_engine, inspect, text

CHECKOUT = Path(__file__).parents[2]

ACCOUNTS = """
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from importer.models import Base, ImportedRecord
from importer.record_types import RecordType, RowSchema


class Account(ImportedRecord, Base):
    __tablename__ = "accounts"
    number: Mapped[str] = mapped_column(primary_key=True)
    tags: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    extra: Mapped[dict | None] = mapped_column(JSONB)
    {more}


class AccountRow(RowSchema):
    number: str


class Accounts(RecordType):
    name, label = "accounts", "Accounts"
    model, key, schema = Account, ("number",), AccountRow
"""


class Deployment:
    """The product with a record type of somebody's own, in a folder of theirs."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self._environment = {
            **os.environ,
            **environment,
            "SECRET_KEY": "of tests and nothing else",
            "RECORD_TYPES": "accounts:Accounts",
            "PYTHONPATH": os.pathsep.join([str(CHECKOUT), str(folder)]),
        }
        self.engine = create_engine(environment["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg2:"))
        self.define_accounts()

    def define_accounts(self, more: str = "pass") -> None:
        (self.folder / "accounts.py").write_text(ACCOUNTS.format(more=more))

    def db(self, *arguments: str, app: str = "wsgi") -> str:
        """Run `flask db`; return what it printed."""
        return finished(self.begin_db(*arguments, app=app))

    def begin_db(self, *arguments: str, app: str = "wsgi") -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", app, "db", *arguments],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def revisions(self) -> list[Path]:
        """Their own, the oldest first."""
        return sorted(self.folder.glob("record_type_migrations/*.py"), key=lambda path: path.stat().st_mtime_ns)

    def execute(self, statements: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statements))

    def columns(self, table: str) -> set[str]:
        return {column["name"] for column in inspect(self.engine).get_columns(table)}


def finished(process: subprocess.Popen[str]) -> str:
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0, printed
    return printed
