"""The address of a Redis that sentinels watch over: which of its servers is the primary, they tell.

`redis+sentinel://[user:password@]host1:26379,host2:26379/primary's name[/db]`, with `rediss` for TLS. User and
password are those of Redis; the sentinels' own, if they ask for any, come as
`?sentinel_username=…&sentinel_password=…`.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelManagedConnection, SentinelManagedSSLConnection

SCHEMES = ("redis+sentinel://", "rediss+sentinel://")
PORT = 26379
ANSWER_SECONDS = 1.0
"""Sentinels are many: the next one is asked where one does not answer for so long."""

FORM = "should be redis+sentinel://[user:password@]host1:26379,host2:26379/name of the primary[/database]"


class PrimaryConnection(SentinelManagedConnection):
    """A connection that asks the sentinels whenever it is made anew.

    That of redis-py 8.1 does so as it leaves its pool. Lost in the middle of a command, it goes back to the server
    that it had, as often as it may try.
    """

    def connect_check_health(self, check_health: bool = True, retry_socket_connect: bool = True) -> None:
        if retry_socket_connect:  # the call of a command; that of `connect` says False, and knows the address
            self.connect()  # type: ignore[no-untyped-call]
        else:
            super().connect_check_health(check_health, retry_socket_connect)


class PrimarySSLConnection(PrimaryConnection, SentinelManagedSSLConnection):
    """The same with TLS."""


class SentinelAddress(NamedTuple):
    """What such an address says.

    Attributes:
        sentinels: host and port of each.
        login: options of redis-py for the connections to Redis.
        sentinel_login: the same for those to the sentinels.
    """

    sentinels: list[tuple[str, int]]
    primary: str
    database: int
    has_tls: bool
    login: dict[str, str]
    sentinel_login: dict[str, str]

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read an address.

        Raises:
            ValueError: saying how it should be written.
        """
        parts = urlsplit(url)
        account, _, hosts = parts.netloc.rpartition("@")
        user, _, password = account.partition(":")
        primary, _, database = parts.path.strip("/").partition("/")
        query = dict(parse_qsl(parts.query))
        of_sentinels = {name: query.pop(f"sentinel_{name}", "") for name in ("username", "password")}
        try:
            found = cls(
                [_host_and_port(host) for host in hosts.split(",")],
                unquote(primary),
                int(database or 0),
                parts.scheme.startswith("rediss"),
                _given(username=unquote(user), password=unquote(password)),
                _given(**of_sentinels),
            )
        except ValueError:
            raise ValueError(FORM) from None
        if query or not primary:
            raise ValueError(FORM)
        return found

    def connect(self, sockets: dict[str, Any], **options: Any) -> Redis:
        """A client of whichever server is the primary; each new connection asks the sentinels for it.

        Args:
            sockets: options of connections to Redis and to the sentinels alike.
            options: of connections to Redis.
        """
        sockets = {**sockets, "ssl": self.has_tls}
        # One that does not answer is not asked again: the next one may, and the command itself is tried again.
        asking = {
            **sockets,
            **self.sentinel_login,
            "socket_timeout": ANSWER_SECONDS,
            "retry": Retry(NoBackoff(), 0),
        }
        options |= {**sockets, **self.login, "db": self.database}
        options["connection_class"] = PrimarySSLConnection if self.has_tls else PrimaryConnection
        return cast(Redis, Sentinel(self.sentinels, sentinel_kwargs=asking).master_for(self.primary, **options))


def _host_and_port(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError(text)
    return parts.hostname, parts.port or PORT


def _given(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
