"""Migrations of your own record types: beside other people's tables, and through a release of the product."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

CHECKOUT = Path(__file__).parents[3]

ACCOUNTS = """
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy import Text
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

NEIGHBOURS = """
CREATE TABLE invoices (number int PRIMARY KEY);
ALTER TABLE contacts ADD note text;
CREATE INDEX own_index ON contacts (note);
ALTER TABLE airports ADD CONSTRAINT own_check UNIQUE (iata, name)
"""

NEXT_RELEASE = """
import os
from wsgi import app
from importer.web.extensions import migrate

@migrate.configure
def with_a_newer_revision(config):
    locations = config.get_main_option("version_locations")
    config.set_main_option("version_locations", locations + os.pathsep + "newer")
    return config
"""

LATEST = max((CHECKOUT / "importer" / "migrations" / "versions").glob("[0-9]*.py")).name.partition("_")[0]

NEWER_REVISION = f"""
from alembic import op

revision = "9999"
down_revision = "{LATEST}"


def upgrade():
    op.execute("CREATE TABLE newer (id int)")


def downgrade():
    op.drop_table("newer")
"""

REVISION_IN_THE_PRODUCTS_CHAIN = """
from alembic import op

revision = "ab12"
down_revision = "0002"


def upgrade():
    op.execute("CREATE TABLE accounts (number text PRIMARY KEY)")


def downgrade():
    op.drop_table("accounts")
"""

CONCURRENTLY = """\
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY accounts_by_tags ON accounts (tags)")
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


@pytest.fixture
def deployment(servers, database_url, tmp_path):
    made = Deployment(tmp_path, {**servers.environment(), "DATABASE_URL": database_url})
    made.db("upgrade")
    yield made
    made.engine.dispose()


def test_a_record_types_table_is_migrated_and_nothing_of_others_is_dropped(deployment):
    deployment.execute(NEIGHBOURS)
    deployment.db("migrate", "-m", "accounts")
    (revision,) = deployment.revisions
    upgrade, _ = revision.read_text().split("def downgrade")
    assert "create_table('accounts'" in upgrade
    assert "drop_" not in upgrade
    deployment.db("upgrade")
    assert {"number", "tags", "extra", "imported_by"} <= deployment.columns("accounts")
    assert "note" in deployment.columns("contacts")
    assert inspect(deployment.engine).has_table("invoices")
    deployment.db("check")


def test_a_record_types_table_is_changed_before_and_after_a_release_of_the_product(deployment):
    deployment.db("migrate", "-m", "accounts")
    deployment.db("upgrade")
    (deployment.folder / "next_release.py").write_text(NEXT_RELEASE)
    (deployment.folder / "newer").mkdir()
    (deployment.folder / "newer" / "9999_newer.py").write_text(NEWER_REVISION)
    deployment.db("upgrade", app="next_release")
    assert inspect(deployment.engine).has_table("newer")
    deployment.define_accounts(more="owner: Mapped[str | None]")
    deployment.db("migrate", "-m", "owner", app="next_release")
    deployment.db("upgrade", app="next_release")
    assert len(deployment.revisions) == 2
    assert "owner" in deployment.columns("accounts")
    deployment.db("downgrade", "base", app="next_release")
    assert inspect(deployment.engine).get_table_names() == ["alembic_version"]


def test_a_revision_that_an_earlier_release_wrote_into_the_products_chain_is_built_on(deployment):
    (deployment.folder / "record_type_migrations").mkdir()
    (deployment.folder / "record_type_migrations" / "ab12_accounts.py").write_text(REVISION_IN_THE_PRODUCTS_CHAIN)
    deployment.db("upgrade")
    deployment.db("migrate", "-m", "the other columns")
    deployment.db("upgrade")
    deployment.db("downgrade", "base")
    deployment.db("upgrade")  # all of them in their order
    assert {"number", "tags", "extra", "imported_by"} <= deployment.columns("accounts")


def test_two_releases_at_once_may_make_an_index_concurrently(deployment):
    deployment.db("migrate", "-m", "accounts")
    deployment.db("upgrade")
    deployment.db("revision", "-m", "index")
    *_, revision = deployment.revisions
    revision.write_text(revision.read_text().replace("    pass\n", CONCURRENTLY, 1))
    for process in [deployment.begin_db("upgrade") for _ in range(2)]:
        finished(process)
    indexes = inspect(deployment.engine).get_indexes("accounts")
    assert [index["name"] for index in indexes] == ["accounts_by_tags"]
