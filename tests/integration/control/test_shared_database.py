"""A database that is shared: our tables in a schema of their own, next to somebody's tables of the same names."""

import neighbours
import pytest
from deployment import Deployment, finished

SCHEMA = "Bulk-Import"  # a name that must be quoted

TABLES = """
SELECT coalesce(array_agg(relname::text ORDER BY relname), '{{}}') FROM pg_class
WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = '{}') AND relkind = 'r'
"""

OURS = ["airports", "alterations", "api_tokens", "bulk_importer_versions", "contacts", "corrected_files"]
OURS += ["corrections", "events", "failed_rows", "imports", "layouts", "ledger", "mails", "one_time_links"]
OURS += ["rate_points", "repairs", "users", "writer_notes"]

INDEX = """\
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY accounts_by_tags ON accounts (tags)")
"""

TO_THE_NAMES_OF_THE_FIRST_RELEASES = """
ALTER TABLE bulk_importer_versions RENAME TO alembic_version;
ALTER TABLE alembic_version RENAME CONSTRAINT bulk_importer_versions_pkc TO alembic_version_pkc
"""

ELSEWHERE = """__table_args__ = {{"schema": "{0}"}}
    owner: Mapped[str | None] = mapped_column(ForeignKey("contacts.email"))
    region: Mapped[int | None] = mapped_column(ForeignKey("{0}.regions.id"))


class Region(Base):
    __tablename__ = "regions"
    __table_args__ = {{"schema": "{0}"}}
    id: Mapped[int] = mapped_column(primary_key=True)
"""

TABLE_ELSEWHERE = """
CREATE SCHEMA IF NOT EXISTS {0};
CREATE TABLE {0}.accounts (number text PRIMARY KEY, tags text[], iban text NOT NULL DEFAULT '?');
CREATE TABLE {0}.other (id int PRIMARY KEY)
"""


COLUMNS = "SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = '{}.accounts'::regclass"


@pytest.fixture
def deploy(servers, database_url, tmp_path):
    """The product on a database of its own, with settings of the test's."""
    made = []

    def deploy(**settings):
        made.append(Deployment(tmp_path, {**servers.environment(), "DATABASE_URL": database_url, **settings}))
        return made[-1]

    yield deploy
    for deployment in made:
        deployment.engine.dispose()


def refused(deployment, *command):
    process = deployment.begin_db(*command)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 1, printed
    return printed


def tables(database_url, schema):
    return neighbours.look(database_url, TABLES.format(schema))


def test_every_command_works_in_a_schema_of_its_own_and_leaves_that_of_others_alone(deploy, database_url):
    neighbours.execute(database_url, neighbours.TABLES)
    before = neighbours.everything(database_url)
    deployment = deploy(DATABASE_SCHEMA=SCHEMA)
    deployment.db("upgrade")
    assert tables(database_url, SCHEMA) == OURS
    deployment.db("migrate", "-m", "accounts")
    deployment.db("upgrade")
    deployment.db("check")
    assert tables(database_url, SCHEMA) == ["accounts", *OURS]
    assert deployment.db("current").count("head)") == 2
    deployment.db("downgrade", "record_types@-1")
    assert tables(database_url, SCHEMA) == OURS
    deployment.db("downgrade", "base")
    assert tables(database_url, SCHEMA) == ["bulk_importer_versions"]
    assert neighbours.everything(database_url) == before


def test_an_index_is_made_concurrently_on_the_table_of_our_schema(deploy, database_url):
    neighbours.execute(database_url, neighbours.TABLES)
    deployment = deploy(DATABASE_SCHEMA=SCHEMA)
    deployment.db("upgrade")
    deployment.db("migrate", "-m", "accounts")
    deployment.db("upgrade")
    deployment.db("revision", "-m", "index")
    *_, revision = deployment.revisions
    revision.write_text(revision.read_text().replace("    pass\n", INDEX, 1))
    for process in [deployment.begin_db("upgrade") for _ in range(2)]:
        finished(process)
    found = "SELECT schemaname FROM pg_indexes WHERE indexname = 'accounts_by_tags'"
    assert neighbours.look(database_url, found) == SCHEMA


def test_the_version_table_of_an_earlier_release_is_taken_over(deploy, database_url):
    deployment = deploy()
    deployment.db("upgrade")
    deployment.db("migrate", "-m", "accounts")
    deployment.db("upgrade")
    before = set(deployment.db("current").split())
    neighbours.execute(database_url, TO_THE_NAMES_OF_THE_FIRST_RELEASES)
    deployment.db("upgrade")
    assert set(deployment.db("current").split()) == before
    assert "alembic_version" not in tables(database_url, "public")
    neighbours.execute(
        database_url,
        "CREATE TABLE alembic_version (version_num text CONSTRAINT alembic_version_pkc PRIMARY KEY)",
    )
    deployment.db("upgrade")
    assert "alembic_version" in tables(database_url, "public")


def test_a_version_table_with_revisions_that_nobody_knows_is_not_taken_over(deploy, database_url):
    deployment = deploy()
    deployment.db("upgrade")
    neighbours.execute(database_url, TO_THE_NAMES_OF_THE_FIRST_RELEASES)
    neighbours.execute(database_url, "INSERT INTO alembic_version VALUES ('5f2c')")
    before = neighbours.everything(database_url)
    printed = refused(deployment, "upgrade")
    assert "has revisions that neither the product nor MIGRATIONS_FOLDER has: 5f2c" in printed
    assert neighbours.everything(database_url) == before


def test_somebodys_version_table_beside_ours_is_left_alone(deploy, database_url):
    theirs = "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('0003')"
    neighbours.execute(database_url, theirs)
    deploy().db("upgrade")
    assert tables(database_url, "public") == sorted([*OURS, "alembic_version"])
    assert neighbours.look(database_url, "SELECT version_num FROM alembic_version") == "0003"


def test_where_a_table_of_somebody_else_is_in_the_way_the_schema_to_set_is_named(deploy, database_url):
    neighbours.execute(database_url, neighbours.TABLES)
    before = neighbours.everything(database_url)
    printed = refused(deploy(), "upgrade")
    assert 'relation "contacts" already exists in the schema public. If it is somebody else\'s' in printed
    assert "Traceback" not in printed
    assert neighbours.everything(database_url).items() >= before.items()


@pytest.fixture
def poor_url(servers, database_url):
    """The address of an account that may make nothing in the database but what an administrator grants."""
    neighbours.execute(database_url, "CREATE ROLE poor LOGIN")
    neighbours.execute(database_url, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    yield database_url.replace("importer@", "poor@")
    neighbours.execute(database_url, "DROP OWNED BY poor; DROP ROLE poor")


@pytest.mark.parametrize("schema", [SCHEMA, "public"])
def test_an_account_without_rights_is_told_what_an_administrator_must_run(deploy, database_url, poor_url, schema):
    deployment = deploy(DATABASE_URL=poor_url, DATABASE_SCHEMA=schema)
    printed = refused(deployment, "upgrade")
    assert "Let an administrator run: " in printed
    neighbours.execute(database_url, printed.rpartition("Let an administrator run: ")[2])
    deployment.db("upgrade")
    assert tables(database_url, schema) == OURS


@pytest.mark.parametrize(("ours", "named"), [(SCHEMA, "sales"), (SCHEMA, "public"), ("public", "public")])
def test_a_table_that_exists_in_a_schema_that_its_model_names_gets_only_what_it_lacks(
    deploy, database_url, ours, named
):
    neighbours.execute(database_url, TABLE_ELSEWHERE.format(named))
    deployment = deploy(DATABASE_SCHEMA=ours)
    deployment.define_accounts(more=ELSEWHERE.format(named))
    deployment.db("upgrade")
    deployment.db("migrate", "-m", "accounts")
    (revision,) = deployment.revisions
    upgrade, _ = revision.read_text().split("def downgrade")
    assert upgrade.count("create_table") == 1  # that of regions
    assert "drop_" not in upgrade
    deployment.db("upgrade")
    columns = COLUMNS.format(named)
    assert {"iban", "owner", "region", "imported_by"} <= set(neighbours.look(database_url, columns))
    deployment.db("check")
