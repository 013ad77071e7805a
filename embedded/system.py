"""The Postgres and Redis that Debian installs, run as the embedded ones are: on ports and data of their own."""

from __future__ import annotations

from pathlib import Path

from embedded.postgres import Postgres
from embedded.processes import EmbeddedError
from embedded.valkey import Valkey

MISSING = "There is no {}. Run: apt-get install --no-install-recommends postgresql redis-server"


class SystemPostgres(Postgres):
    """The newest Postgres below /usr/lib/postgresql."""

    installations = Path("/usr/lib/postgresql")
    locale = ("--encoding=UTF8", "--locale=C.UTF-8")  # the provider `builtin` came with Postgres 17

    def _programs(self) -> Path:
        found = self.installations.glob("[0-9]*/bin/postgres")
        newest = max(found, key=lambda program: int(program.parents[1].name), default=None)
        if newest is None:
            raise EmbeddedError(MISSING.format(f"postgres below {self.installations}"))
        return newest.parent


class SystemRedis(Valkey):
    """Redis itself."""

    program = Path("/usr/bin/redis-server")

    def _program(self) -> Path:
        if not self.program.exists():
            raise EmbeddedError(MISSING.format(self.program))
        return self.program
