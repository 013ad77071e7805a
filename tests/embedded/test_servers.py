"""The embedded servers answer, on this machine only, and never outlive whoever started them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import psycopg2
import pytest
import redis

from embedded.postgres import Postgres
from embedded.processes import EmbeddedError, Program, free_port
from embedded.s3 import S3
from embedded.servers import EmbeddedServers
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


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3]:
    server = S3(tmp_path)
    server.start()
    yield server
    server.stop()


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


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


def test_a_stopped_server_is_gone(valkey: Valkey, s3: S3, postgres: Postgres) -> None:
    for server in (valkey, s3, postgres):
        pid = server.pid
        server.stop()
        assert not is_alive(pid)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", server.port))


@pytest.mark.faults
def test_no_server_outlives_a_killed_parent(open_folder: Path) -> None:
    folder = open_folder / "servers of a killed parent"
    command = [sys.executable, "-c", STARTS_SERVERS, str(folder)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        backends = psutil.Process(pids[0]).children(recursive=True)
        parent.kill()
    everything = [*pids, *(backend.pid for backend in backends)]
    assert len(pids) == 3
    assert wait_until(lambda: not any(is_alive(pid) for pid in everything))
    Postgres(folder / "postgres").remove()


@pytest.mark.faults
@pytest.mark.parametrize("by_pipe", [True, False])
def test_a_program_ends_when_its_parent_is_killed(by_pipe: bool, tmp_path: Path) -> None:
    if not by_pipe and not sys.platform.startswith("linux"):
        pytest.skip("only Linux ends orphans by itself")
    starts_sleep = f"""
import time
from pathlib import Path
from embedded.processes import Program
program = Program("sleep", ["sleep", "300"], Path({str(tmp_path / "log")!r}))
program.watched_by_pipe = {by_pipe}
program.start()
time.sleep(0.5)
print(program.pid, flush=True)
time.sleep(300)
"""
    command = [sys.executable, "-c", starts_sleep]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        family = [pid, *(child.pid for child in psutil.Process(pid).children())]
        parent.kill()
    assert len(family) == (2 if by_pipe else 1)
    assert wait_until(lambda: not any(is_alive(member) for member in family))


def test_a_program_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    program = Program("sleep", ["sleep", "300"], tmp_path / "log")
    thread = threading.Thread(target=program.start)
    thread.start()
    thread.join()
    time.sleep(0.5)
    assert program.running
    watchers = psutil.Process(program.pid).children()
    program.stop()
    assert wait_until(lambda: not any(is_alive(watcher.pid) for watcher in watchers))


@pytest.mark.faults
@pytest.mark.parametrize("mode", ["fast", "immediate", "kill"])
def test_postgres_keeps_what_was_committed_over_a_restart(postgres: Postgres, mode: Any) -> None:
    url = postgres.create_database("kept")
    query(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    before = postgres.pid
    postgres.restart(mode)
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


@pytest.mark.faults
def test_valkey_restarts_empty_or_with_its_last_snapshot(valkey: Valkey) -> None:
    client = redis.Redis.from_url(valkey.url)
    client.set("saved", 1)
    valkey.snapshot()
    client.set("lost", 1)
    valkey.restart(empty=False)
    assert client.keys() == [b"saved"]
    valkey.restart()
    assert client.keys() == []


def test_a_full_valkey_refuses_instead_of_evicting(tmp_path: Path) -> None:
    server = Valkey(tmp_path, maxmemory="3mb")
    server.start()
    client = redis.Redis.from_url(server.url)
    client.set("first", 1)
    with pytest.raises(redis.OutOfMemoryError):
        client.mset({f"key {number}": "x" * 100_000 for number in range(100)})
    assert client.exists("first")
    server.stop()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    port = free_port()
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", port))
        occupant.listen()
        with pytest.raises(EmbeddedError, match="Address already in use"):
            Valkey(tmp_path, port=port).start()


def test_a_program_that_hangs_is_killed(tmp_path: Path) -> None:
    program = Program("deaf", ["sh", "-c", "trap '' TERM; echo deaf; sleep 99; sleep 99"], tmp_path / "log")
    program.start()
    program.wait_until(lambda: "deaf" in (tmp_path / "log").read_text())
    program.stop(seconds=0.2)
    assert program.status == -signal.SIGKILL
