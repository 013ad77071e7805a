"""Two Valkeys, one of them the primary, and a sentinel that makes the other one the primary when that is gone."""

from __future__ import annotations

from pathlib import Path

import redis

from embedded.server import Server
from embedded.valkey import Valkey, binary

PRIMARY = "main"


class Sentinel(Server):
    """One sentinel, whose word is enough."""

    def __init__(self, home: Path, primary: Valkey) -> None:
        super().__init__(home)
        self._primary = primary

    @property
    def url(self) -> str:
        return f"redis+sentinel://127.0.0.1:{self.port}/{PRIMARY}"

    def primary_port(self) -> int:
        """Where the primary is now."""
        with redis.Redis(port=self.port) as client:
            return int(client.sentinel_get_master_addr_by_name(PRIMARY)[1])

    def knows_replica(self) -> bool:
        with redis.Redis(port=self.port) as client:
            return any(not replica["is_disconnected"] for replica in client.sentinel_slaves(PRIMARY))

    def _prepare(self) -> list[str]:
        settings = self.home / "sentinel.conf"
        settings.write_text(
            f"bind 127.0.0.1\nport {self.port}\ndir {self.home}\n"
            f"sentinel monitor {PRIMARY} 127.0.0.1 {self._primary.port} 1\n"
            f"sentinel down-after-milliseconds {PRIMARY} 1000\n"
            f"sentinel failover-timeout {PRIMARY} 5000\n"
        )
        return [str(binary()), str(settings), "--sentinel"]

    def _answers(self) -> bool:
        try:
            with redis.Redis(port=self.port) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


def replica_of(primary: Valkey, home: Path) -> Valkey:
    return Valkey(home, replicaof=f"127.0.0.1 {primary.port}", **{"repl-diskless-sync-delay": "0"})
