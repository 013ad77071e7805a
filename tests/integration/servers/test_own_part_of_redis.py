"""A Redis that is shared: the product keeps to its prefix, and to the commands that it says it needs."""

import re
from pathlib import Path

import pytest
import redis
from installation import Installation, contacts
from listening import Listening

from importer.queue.permissions import BEGINNINGS, COMMANDS, READ_ANY_KEY
from importer.queue.scripts import FOLDER
from importer.storage.s3_answers import PERMISSIONS

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"
OF_CONNECTIONS = {"auth", "client|setinfo", "echo", "monitor"}
"""AUTH is everybody's, CLIENT SETINFO is tried and not needed (Redis 7.0 has none), the others are the test's."""


def rules(prefix: str) -> list[str]:
    """What an ACL grants the product, and nothing else."""
    return [*(f"+{command}" for command in COMMANDS), *(f"~{prefix}{b}*" for b in BEGINNINGS), READ_ANY_KEY]


@pytest.fixture
def shared(servers):
    """The session's Redis, empty before and after."""
    client = redis.Redis.from_url(servers.valkey.url, decode_responses=True)
    client.flushall()
    yield client
    client.execute_command("ACL", "DELUSER", "product")
    client.flushall()
    client.close()


def test_a_user_with_just_these_rules_can_do_everything_and_no_key_is_without_the_prefix(
    servers, database_url, shared
):
    shared.execute_command("ACL", "SETUSER", "product", "on", ">secret", *rules("one:"))
    settings = {
        **servers.environment(),
        "DATABASE_URL": database_url,
        "REDIS_URL": servers.valkey.url.replace("redis://", "redis://product:secret@"),
        "REDIS_PREFIX": "one:",
    }
    with Listening(servers.valkey.url) as redis_heard, Installation.running(settings) as product:
        product.do_everything()
        log = product.log.read_text()
    assert "denies" not in log
    assert redis_heard.commands() - OF_CONNECTIONS <= set(COMMANDS)
    used = redis_heard.keys() | set(shared.scan_iter())
    assert len(used) > 50
    assert {key for key in used if not key.startswith("one:")} == set()


def test_every_command_of_a_script_is_among_those_that_are_needed():
    called = {
        name.lower()
        for file in FOLDER.glob("*.lua")
        for name in re.findall(r"redis\.call\('(\w+)'", file.read_text())
    }
    assert called <= set(COMMANDS)


def test_the_documentation_lists_these_rules():
    listed = re.search(r"```\nACL SETUSER importer (.*?)\n```", OPERATIONS.read_text(), re.DOTALL)
    assert listed
    assert set(listed[1].split()) == {"on", ">PASSWORD", *rules("")}


def test_the_documentation_lists_the_permissions_in_s3():
    listed = set(re.findall(r"`(s3:\w+)`", OPERATIONS.read_text()))
    assert listed == set(PERMISSIONS)


def test_two_deployments_on_one_redis_do_not_see_each_other(servers, shared):
    with (
        servers.postgres.passing_database() as first,
        servers.postgres.passing_database() as second,
        Installation.running({**servers.environment(), "DATABASE_URL": first, "REDIS_PREFIX": "one:"}) as one,
        Installation.running(
            {**servers.environment(), "DATABASE_URL": second, "REDIS_PREFIX": "two:", "MAX_QUEUED_ROWS": "50"},
            worker=2,
        ) as two,
    ):
        imports = {one: one.upload(contacts(20_000, bad=3)), two: two.upload(contacts(20_000, bad=5))}
        assert len(one.json("/rq/0/data/workers.json")["workers"]) == 3
        assert len(two.json("/rq/0/data/workers.json")["workers"]) == 4
        one.flask("imports", "doctor")
        one.post("/rq/queue/low/queued/empty")
        assert {key.partition(":")[0] for key in shared.scan_iter()} == {"one", "two"}
        for product, failed in ((two, 5), (one, 3)):
            state = product.wait_for(imports[product], "completed")
            assert (state["imported_rows"], state["failed_rows"]) == (20_000 - failed, failed)
            assert {job.partition("_")[0] for job in product.failed_jobs()} == {imports[product]}
        one.post("/rq/queue/low/failed/empty")
        assert (one.failed_jobs(), len(two.failed_jobs())) == ([], 5)
        assert "Nothing is wrong." in two.flask("imports", "doctor")
