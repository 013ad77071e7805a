"""Debian's PgBouncer with its own settings, but for the addresses and transaction pooling."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import psycopg2

from embedded import unprivileged
from embedded.postgres import SUPERUSER
from embedded.server import Server

PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")

SETTINGS = """
[databases]
* = host=127.0.0.1 port={postgres}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {accounts}
pool_mode = transaction
default_pool_size = {pool_size}
"""


class PgBouncer(Server):
    """Gives each transaction one of a few connections to Postgres; as root it runs as `nobody`, like Postgres.

    Args:
        home: a folder that every account may enter.
        postgres: the port of Postgres.
        pool_size: connections to Postgres.
    """

    def __init__(self, home: Path, postgres: int, pool_size: int = 20) -> None:
        super().__init__(home)
        self.user = unprivileged.user_if_root()
        self.folder = Path("/")
        self._postgres = postgres
        self._pool_size = pool_size

    def url_of(self, database_url: str) -> str:
        """The address of the same database, through the pooler."""
        return database_url.replace(f":{self._postgres}/", f":{self.port}/")

    def _prepare(self) -> list[str]:
        accounts, settings = self.home / "accounts", self.home / "pgbouncer.ini"
        accounts.write_text(f'"{SUPERUSER}" ""\n')
        filled = {
            "postgres": self._postgres,
            "port": self.port,
            "accounts": accounts,
            "pool_size": self._pool_size,
        }
        settings.write_text(SETTINGS.format(**filled))
        return [str(PROGRAM), str(settings)]

    def _answers(self) -> bool:
        url = f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/postgres"
        with contextlib.suppress(psycopg2.OperationalError):
            psycopg2.connect(url, connect_timeout=2).close()
            return True
        return False
