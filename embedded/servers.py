"""The three embedded servers together."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from embedded.postgres import Postgres
from embedded.processes import EmbeddedError
from embedded.s3 import S3
from embedded.system import SystemPostgres, SystemRedis
from embedded.valkey import Valkey

DATABASE = "importer"
BUCKET = "imports"


class EmbeddedServers:
    """Postgres, Valkey and S3 as one context manager; all end with it, and with this process.

    Args:
        folder: where the data of Postgres and all logs live; made if missing.
        of_system: run the Postgres and Redis that this system has instead of those of the wheels.
    """

    def __init__(self, folder: Path, *, of_system: bool = False) -> None:
        self.postgres = (SystemPostgres if of_system else Postgres)(folder / "postgres")
        self.valkey = (SystemRedis if of_system else Valkey)(folder / "valkey")
        self.s3 = S3(folder / "s3")

    def __enter__(self) -> EmbeddedServers:
        try:
            self.start()
        except BaseException:  # Ctrl-C too: what has been started must end
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start all three at once, the slowest first, and wait until each answers."""
        self.s3.launch()
        self.valkey.launch()
        self.postgres.launch()
        for server in (self.postgres, self.valkey, self.s3):
            server.wait()
        self.postgres.create_database(DATABASE)
        self.s3.create_bucket(BUCKET)

    def stop(self) -> None:
        for server in (self.valkey, self.s3, self.postgres):
            server.stop()

    def check(self) -> None:
        """See that all three still run.

        Raises:
            EmbeddedError: one has ended; where its log is.
        """
        for server in (self.postgres, self.valkey, self.s3):
            if not server.running:
                raise EmbeddedError(f"The embedded {server.name} has ended. Its log is {server.log}.")

    def environment(self) -> dict[str, str]:
        """The settings that make the product run on these servers."""
        return {
            "DATABASE_URL": self.postgres.url_of(DATABASE),
            "REDIS_URL": self.valkey.url,
            "S3_BUCKET": BUCKET,
            **self.s3.variables(),
        }
