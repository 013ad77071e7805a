"""A server that is not as it must be is named, with what to set, wherever somebody looks."""

import json
import subprocess
from pathlib import Path

import boto3
import pytest
import redis
from accounting import assert_every_row_accounted_for
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from supervisor import end
from waiting import wait_until
from world import many_contacts

from embedded.postgres import Postgres
from embedded.valkey import Valkey
from importer.app import create_app
from importer.config import Settings
from importer.control import doctor
from importer.health import causes, checks
from importer.health.checks import Examination
from importer.models import Base

EVICTS = checks.REDIS_EVICTS


@pytest.fixture
def found(services):
    """What an examination of one part says is wrong."""

    def found(part, *, ok=False):
        return [finding.message for finding in Examination(services, (part,)).findings() if finding.ok is ok]

    return found


@pytest.fixture
def evicting(services):
    services.redis.config_set("maxmemory-policy", "allkeys-lru")
    yield
    services.redis.config_set("maxmemory-policy", "noeviction")


@pytest.fixture
def replica(services):
    """Make Redis a replica of a server that is away, and the primary again."""

    def follow(*whom):
        services.redis.replicaof(*whom)

    follow("127.0.0.1", 1)
    yield follow
    follow("NO", "ONE")


@pytest.fixture
def as_user(services, servers):
    """Connect as a user who may do everything but these rules."""
    admin = redis.Redis.from_url(servers.valkey.url)

    def connect(*rules):
        admin.execute_command("ACL", "SETUSER", "product", "reset", "on", "nopass", "~*", "+@all", *rules)
        url = servers.valkey.url.replace("redis://", "redis://product:x@")
        services.redis = redis.Redis.from_url(url)
        return admin

    yield connect
    admin.execute_command("ACL", "DELUSER", "product")
    admin.close()


@pytest.mark.parametrize("part", checks.SERVERS)
def test_the_servers_of_these_tests_are_as_they_must_be(part, found):
    assert found(part) == found(part, ok=True) == []


def test_a_redis_that_evicts_is_named(found, evicting):
    assert found("redis") == [checks.REDIS_EVICTS]


def test_a_redis_that_does_not_tell_its_policy_is_not_wrong_but_the_doctor_says_so(services, found, monkeypatch):
    told = {name: value for name, value in services.redis.info().items() if name != "maxmemory_policy"}
    monkeypatch.setattr(services.redis, "info", lambda: told)
    assert found("redis") == []
    assert found("redis", ok=True) == [checks.POLICY_UNKNOWN]
    with Session(services.engine) as session:
        complaints = list(doctor.examine_installation(session, services))
    assert {c.code: c.is_wrong for c in complaints}["redis_unknown"] is False


def test_a_redis_that_is_too_old_is_named(services, found, monkeypatch):
    monkeypatch.setattr(
        services.redis, "info", lambda: {"redis_version": "6.2.14", "maxmemory_policy": "noeviction"}
    )
    assert found("redis") == [causes.REDIS_TOO_OLD]


def test_a_read_only_replica_is_named(services, found, replica):
    services.redis.connection_pool.reset()
    (message,) = found("redis")
    assert causes.REDIS_READ_ONLY in message


def test_a_cluster_is_named(services, found, open_folder):
    cluster = Valkey(open_folder / "cluster", **{"cluster-enabled": "yes"})
    cluster.start()
    services.redis = redis.Redis.from_url(cluster.url)
    try:
        (message,) = found("redis")
        assert causes.REDIS_CLUSTER in message
        services.redis.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        wait_until(lambda: services.redis.cluster("INFO")["cluster_state"] == "ok", "the cluster serves")
        assert causes.REDIS_CLUSTER in found("redis")[0]
    finally:
        cluster.kill()


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        (["-hset", "-client|setname"], "+client|setname +hset"),
        (["resetkeys", "~importer:*", "%R~*"], "~rq:*"),
        (["resetkeys"], "~importer:* ~rq:*"),
        (["resetkeys", "~importer:*", "~rq:*"], "%R~*"),
        (["-evalsha"], "`flask imports doctor`"),
        (["-info"], "info"),
        (["-set"], "+set"),
    ],
)
def test_what_a_user_of_redis_lacks_is_named(rules, named, as_user, found):
    as_user(*rules)
    (message,) = found("redis")
    assert named in message
    assert message.count("+") == named.count("+") or rules == ["resetkeys"]


def test_a_wrong_password_of_redis_is_named(services, found, servers):
    services.redis = redis.Redis.from_url(servers.valkey.url.replace("redis://", "redis://product:wrong@"))
    assert causes.REDIS_LOGIN in found("redis")[0]


def test_a_postgres_that_takes_no_changes_is_named(world, found):
    world.execute("DO $$ BEGIN EXECUTE format("
        "'ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$")  # fmt: skip
    world.services.engine.dispose()
    assert found("database") == [causes.DATABASE_READ_ONLY]


def test_a_hot_standby_is_named(services, found, open_folder):
    standby = Postgres(open_folder / "standby")
    try:
        standby.start()
        standby.stop()
        (standby.home / "data" / "standby.signal").resolve().parent.joinpath("standby.signal").touch()
        standby.start()
        services.engine = create_engine(standby.url.replace("postgresql:", "postgresql+psycopg2:"))
        assert found("database") == [causes.DATABASE_READ_ONLY]
    finally:
        services.engine.dispose()
        standby.remove()


def test_a_postgres_that_is_too_old_is_named_and_not_migrated(found, environment, monkeypatch):
    monkeypatch.setattr(checks, "MIN_POSTGRES", 990_000)
    assert found("database") == [checks.POSTGRES_TOO_OLD]
    app = create_app(Settings.from_environment(environment))
    told = app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert (told.exit_code, checks.POSTGRES_TOO_OLD in told.output) == (1, True)


@pytest.fixture
def small_disk(open_folder):
    """A folder on a disk of its own, which is soon full; a test that cannot have one is left out."""
    folder = open_folder / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=120m", "tmpfs", folder], check=False)
    if mounted.returncode:
        pytest.skip("NO TEST OF A FULL DISK WAS RUN: this account may not mount one")
    folder.chmod(0o755)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_of_postgres_is_named(services, found, small_disk):
    full = Postgres(small_disk)
    try:
        full.start()
        services.engine = create_engine(full.url.replace("postgresql:", "postgresql+psycopg2:"))
        Base.metadata.create_all(services.engine)
        assert found("database") == []
        fill(small_disk / "filler")
        (message,) = found("database")
        assert causes.DATABASE_DISK_FULL in message
    finally:
        services.engine.dispose()
        full.kill()


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        try:
            while filler.write(bytes(4096)):
                pass
        except OSError:
            return


def test_an_account_that_may_make_no_temporary_tables_leaves_the_disk_unknown(world, found):
    world.execute("DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());"
        " GRANT SELECT ON ALL TABLES IN SCHEMA public TO pg_monitor;"
        " EXECUTE format('ALTER ROLE importer IN DATABASE %I SET role = pg_monitor', current_database());"
        " END $$")  # fmt: skip
    world.services.engine.dispose()
    assert found("database") == []
    assert found("database", ok=True) == [checks.DISK_UNKNOWN]


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:GetObject"])
def test_a_permission_that_is_missing_in_s3_is_named(action, services, found):
    s3, bucket = boto3.client("s3"), services.storage.bucket
    denial = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [denial]}))
    try:
        (message,) = found("storage")
    finally:
        s3.delete_bucket_policy(Bucket=bucket)
    assert action.removeprefix("s3:") in message
    assert "Allow these credentials" in message


# Wherever somebody looks


def test_readyz_the_doctor_and_the_log_of_each_process_say_what_is_wrong(world, processes, evicting, environment):
    programs = [processes.worker(), processes.dispatcher()]
    for program in programs:
        wait_until(lambda program=program: EVICTS in program.log_tail(), "its log says so")
    app = create_app(Settings.from_environment(environment))
    told = app.test_cli_runner().invoke(args=["imports", "doctor"])
    assert (told.exit_code, EVICTS in told.output) == (1, True)
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["wrong"] == [checks.REDIS_EVICTS]


def test_processes_on_a_read_only_replica_say_so_and_go_on_once_it_is_the_primary(world, processes, replica):
    replica("NO", "ONE")
    csv, records = many_contacts(3000)
    import_id = world.upload(csv)
    world.redis.replicaof("127.0.0.1", 1)
    programs = [processes.dispatcher(), processes.worker()]
    for program in programs:
        wait_until(lambda program=program: causes.REDIS_READ_ONLY in program.log_tail(), "its log says so")
    replica("NO", "ONE")
    world.wait_for(import_id, "completed")
    for program in programs:
        assert end(program) == 0
        assert "Traceback" not in program.log_tail(1000)
    wait_until(lambda: world.is_cleaned(import_id), "it is clean")
    assert_every_row_accounted_for(world, import_id, records, rows=3000)


@pytest.mark.parametrize("lost", ["-evalsha", "-blmove", "-del"])
def test_processes_whose_user_loses_a_right_say_so_and_go_on_once_it_has_it_again(world, processes, as_user, lost):
    admin = as_user()
    world.services.redis = world.redis
    csv, records = many_contacts(6000)
    import_id = world.upload(csv)
    url = processes.environment["REDIS_URL"].replace("redis://", "redis://product:x@")
    settings = {"REDIS_URL": url, "SLICE_SECONDS": "0.3", "MAX_QUEUED_ROWS": "300"}
    programs = [processes.dispatcher(**settings), processes.worker(**settings)]
    wait_until(lambda: world.find(import_id).ended_rows > 300, "it is running")
    admin.execute_command("ACL", "SETUSER", "product", lost)
    wait_until(lambda: causes.REDIS_DENIES in programs[1].log_tail(), "the worker's log says so")
    admin.execute_command("ACL", "SETUSER", "product", lost.replace("-", "+"))
    world.wait_for(import_id, "completed")
    for program in programs:
        assert end(program) == 0
        assert "Traceback" not in program.log_tail(1000)
    world.let_leases_lapse()
    world.recover()
    world.work()
    assert_every_row_accounted_for(world, import_id, records, rows=6000)
