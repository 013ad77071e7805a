"""The embedded servers answer, on this machine only, and never outlive whoever started them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import psycopg2
import pytest
import redis
from waiting import wait_until

from embedded.application import Application
from embedded.postgres import Postgres
from embedded.processes import EmbeddedError, Program, free_port
from embedded.s3 import S3
from embedded.servers import EmbeddedServers
from embedded.system import SystemPostgres, SystemRedis
from embedded.valkey import Valkey

CHECKOUT = Path(__file__).parents[2]
STARTS_SERVERS = """
import sys, time
from pathlib import Path
from embedded.servers import EmbeddedServers

servers = EmbeddedServers(Path(sys.argv[1]))
servers.start()
print(servers.postgres.pid, servers.valkey.pid, servers.s3.pid, flush=True)
time.sleep(300)
"""
STARTS_SLEEP = """
import sys, time
from pathlib import Path
from embedded.processes import Program

program = Program("sleep", ["sleep", "300"], Path(sys.argv[1]))
program.watched_by_pipe = sys.argv[2] == "True"
program.start()
time.sleep(0.5)
print(program.pid, flush=True)
time.sleep(300)
"""


@pytest.fixture
def postgres(open_folder: Path) -> Iterator[Postgres]:
    server = Postgres(open_folder / "postgres of a test")
    server.start()
    yield server
    server.remove()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path)
    server.start()
    yield server
    server.stop()


def family_of_a_killed_parent(program: str, *arguments: str) -> tuple[list[int], list[int]]:
    """Kill a Python program that starts others and prints their pids: these, and those of what they started."""
    command = [sys.executable, "-c", program, *arguments]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        offspring = [child.pid for pid in pids for child in psutil.Process(pid).children(recursive=True)]
        parent.kill()
    return pids, offspring


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until_all_are_gone(pids: list[int]) -> None:
    wait_until(lambda: not any(is_alive(pid) for pid in pids), "no process is left", seconds=5)


def listening_addresses(pid: int) -> set[str]:
    connections = psutil.Process(pid).net_connections(kind="inet")
    return {connection.laddr.ip for connection in connections if connection.status == psutil.CONN_LISTEN}


def query(url: str, statement: str) -> Any:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def test_postgres_answers_and_keeps_its_durable_defaults(servers: EmbeddedServers) -> None:
    settings = {name: query(servers.postgres.url, f"SHOW {name}") for name in ("fsync", "synchronous_commit")}
    assert settings == {"fsync": "on", "synchronous_commit": "on"}


def test_postgres_stores_every_character_of_unicode(servers: EmbeddedServers) -> None:
    assert query(servers.postgres.url, "SHOW server_encoding") == "UTF8"


def test_valkey_answers_and_never_evicts(servers: EmbeddedServers) -> None:
    client = redis.Redis.from_url(servers.valkey.url)
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_s3_keeps_what_is_put_into_the_bucket(servers: EmbeddedServers, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in servers.environment().items():
        monkeypatch.setenv(name, value)
    client = boto3.session.Session().client("s3")
    client.put_object(Bucket="imports", Key="a file", Body=b"content")
    assert client.get_object(Bucket="imports", Key="a file")["Body"].read() == b"content"


def test_the_servers_listen_on_this_machine_only(servers: EmbeddedServers) -> None:
    pids = (servers.postgres.pid, servers.valkey.pid, servers.s3.pid)
    assert [listening_addresses(pid) for pid in pids] == [{"127.0.0.1"}] * 3


def test_the_environment_names_every_server(servers: EmbeddedServers) -> None:
    environment = servers.environment()
    assert environment["DATABASE_URL"].startswith("postgresql://importer@127.0.0.1:")
    assert environment["REDIS_URL"].startswith("redis://127.0.0.1:")
    assert environment["AWS_ENDPOINT_URL_S3"].startswith("http://127.0.0.1:")
    assert environment["S3_BUCKET"] == "imports"
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"} <= environment.keys()
    assert query(environment["DATABASE_URL"], "SELECT current_database()") == "importer"


def test_each_test_gets_an_empty_database_of_its_own(database_url: str, servers: EmbeddedServers) -> None:
    assert query(database_url, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'") == 0
    assert database_url != servers.environment()["DATABASE_URL"]


def test_a_stopped_server_is_gone(valkey: Valkey, postgres: Postgres, tmp_path: Path) -> None:
    s3 = S3(tmp_path)
    s3.start()
    for server in (valkey, s3, postgres):
        pid = server.pid
        server.stop()
        assert not is_alive(pid)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", server.port))


@pytest.mark.faults
def test_no_server_outlives_a_killed_parent(open_folder: Path) -> None:
    folder = open_folder / "servers of a killed parent"
    servers, offspring = family_of_a_killed_parent(STARTS_SERVERS, str(folder))
    assert len(servers) == 3
    wait_until_all_are_gone(servers + offspring)
    Postgres(folder / "postgres").remove()


@pytest.mark.faults
@pytest.mark.parametrize("by_pipe", [True, False])
def test_a_program_ends_when_its_parent_is_killed(by_pipe: bool, tmp_path: Path) -> None:
    if not by_pipe and not sys.platform.startswith("linux"):
        pytest.skip("only Linux ends orphans by itself")
    program, watchers = family_of_a_killed_parent(STARTS_SLEEP, str(tmp_path / "log"), str(by_pipe))
    assert len(watchers) == by_pipe
    wait_until_all_are_gone(program + watchers)


def test_a_program_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    program = Program("sleep", ["sleep", "300"], tmp_path / "log")
    # A thread that ends before the program is tied to it would end nothing, whatever it is tied by.
    thread = threading.Thread(target=lambda: (program.start(), time.sleep(0.5)))
    thread.start()
    thread.join()
    time.sleep(0.2)
    assert program.running
    watchers = [watcher.pid for watcher in psutil.Process(program.pid).children()]
    assert watchers
    program.stop()
    wait_until_all_are_gone(watchers)


@pytest.mark.faults
def test_postgres_keeps_what_was_committed_over_a_kill(postgres: Postgres) -> None:
    url = postgres.create_database("kept")
    query(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    before = postgres.pid
    postgres.restart()
    assert query(url, "SELECT answer FROM kept") == 42
    assert postgres.pid != before


def test_postgres_finds_its_data_again_in_a_second_run(open_folder: Path) -> None:
    first = Postgres(open_folder / "two runs")
    first.start()
    first.create_database("kept")
    first.stop()
    second = Postgres(open_folder / "two runs")
    second.start()
    assert query(second.url_of("kept"), "SELECT 1") == 1
    second.remove()


@pytest.mark.skipif(os.geteuid() != 0, reason="only as root does Postgres run as another account")
def test_postgres_runs_in_a_folder_that_only_root_may_enter(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    server = Postgres(tmp_path / "closed")
    server.start()
    data = (tmp_path / "closed" / "data").resolve()
    assert query(server.url, "SELECT 1") == 1
    assert not data.is_relative_to(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    server.remove()
    assert not data.parent.exists()


def test_valkey_starts_empty_again_even_after_an_orderly_stop(valkey: Valkey) -> None:
    client = redis.Redis.from_url(valkey.url)
    client.set("lost", 1)
    valkey.stop()
    valkey.start()
    assert client.keys() == []


def test_a_full_valkey_refuses_instead_of_evicting(valkey: Valkey) -> None:
    client = redis.Redis.from_url(valkey.url)
    client.config_set("maxmemory", "3mb")
    client.set("first", 1)
    with pytest.raises(redis.OutOfMemoryError):
        client.mset({f"key {number}": "x" * 100_000 for number in range(100)})
    assert client.exists("first")


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    server = Valkey(tmp_path)
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", server.port))
        occupant.listen()
        with pytest.raises(EmbeddedError, match="Address already in use"):
            server.start()


def test_a_program_that_hangs_is_killed(tmp_path: Path) -> None:
    program = Program("deaf", ["sh", "-c", "trap '' TERM; echo deaf; sleep 99; sleep 99"], tmp_path / "log")
    program.start()
    program.wait_until(lambda: "deaf" in (tmp_path / "log").read_text())
    program.stop(seconds=0.2)
    assert program.status == -signal.SIGKILL


def test_two_products_that_are_made_at_once_get_ports_of_their_own(tmp_path: Path) -> None:
    products = [Application(tmp_path, tmp_path / "log", {}) for _ in range(2)]
    assert products[0].port != products[1].port


def test_the_port_that_is_preferred_is_taken_while_nobody_listens_there(tmp_path: Path) -> None:
    preferred = free_port()
    assert Application(tmp_path, tmp_path / "log", {}, preferred_port=preferred).port == preferred
    with socket.create_server(("127.0.0.1", preferred)):
        assert Application(tmp_path, tmp_path / "log", {}, preferred_port=preferred).port != preferred


def test_without_the_systems_servers_it_is_said_which_packages_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(SystemPostgres, "installations", tmp_path)
    monkeypatch.setattr(SystemRedis, "program", tmp_path / "redis-server")
    for server in (SystemPostgres(tmp_path / "postgres"), SystemRedis(tmp_path / "redis")):
        with pytest.raises(EmbeddedError, match="apt-get install --no-install-recommends postgresql redis-server"):
            server.start()
