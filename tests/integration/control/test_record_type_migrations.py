"""Migrations of your own record types: beside other people's tables, and through a release of the product."""

import pytest
from deployment import CHECKOUT, Deployment, finished
from sqlalchemy import inspect

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
    assert "postgresql_using='brin'" in upgrade
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
    assert inspect(deployment.engine).get_table_names() == ["bulk_importer_versions"]


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
    assert {index["name"] for index in indexes} == {"accounts_by_tags", "ix_accounts_writers"}
