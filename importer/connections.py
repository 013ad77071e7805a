"""How this product connects to Postgres and Redis."""

from __future__ import annotations

import ssl
from typing import Any

from redis import Redis, SSLConnection
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import (
    BusyLoadingError,
    ConnectionError,  # noqa: A004
    MasterDownError,
    ReadOnlyError,
    RedisError,
    TimeoutError,  # noqa: A004
)
from redis.retry import Retry
from sqlalchemy import Engine, create_engine

from importer import sentinel, transactions
from importer.config import Settings
from importer.sentinel import SentinelAddress
from importer.time_limits import LOCK_SECONDS

JOBS_TRIES = 40
"""Tries of a Redis command in the dispatcher and the workers: about a minute of Redis being away."""

WEB_TRIES = 2
"""Tries in a web request: a page says that Redis does not answer rather than wait for it."""

MIGRATION_LIMITS = transactions.Limits(statement=0, lock=LOCK_SECONDS, idle=0)


CERTIFICATE_REFUSED = (
    "The certificate of Redis cannot be verified. To accept it as it is, which Heroku's needs, set "
    "REDIS_TLS_VERIFY=false."
)


class RedisCertificateError(RedisError):
    """The certificate of Redis cannot be verified."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{CERTIFICATE_REFUSED} ({reason})")


class VerifyingConnection(SSLConnection):
    """Says at once what is wrong with a certificate. To redis-py it is one more connection that failed: it would
    try again for a minute, in silence."""

    def _connect(self) -> Any:
        try:
            return super()._connect()  # type: ignore[no-untyped-call]
        except ssl.SSLCertVerificationError as error:
            raise RedisCertificateError(error.verify_message) from error


PASSING = [ConnectionError, TimeoutError, BusyLoadingError, ReadOnlyError, MasterDownError]
"""Errors after which a command is tried again, on a new connection: after a failover the address may lead to
another server, the old connection still to the one that was the primary."""


def connect_redis(settings: Settings, *, tries: int, socket_timeout: float) -> Redis:
    """A client that tries commands again when the connection breaks: every write of ours may be repeated.

    Args:
        tries: how often a command is tried again.
        socket_timeout: seconds without an answer after which a connection counts as broken.
    """
    sockets: dict[str, Any] = {"socket_timeout": socket_timeout, "socket_connect_timeout": 3}
    if settings.redis_url.startswith("rediss") and not settings.redis_tls_verify:
        sockets |= {"ssl_cert_reqs": None, "ssl_check_hostname": False}
    options: dict[str, Any] = {
        "retry": Retry(ExponentialWithJitterBackoff(base=0.05, cap=2), tries),
        "retry_on_error": PASSING,
        "health_check_interval": 15,
    }
    if settings.redis_url.startswith(sentinel.SCHEMES):
        return SentinelAddress.parse(settings.redis_url).connect(sockets, **options)
    if settings.redis_url.startswith("rediss://"):
        options["connection_class"] = VerifyingConnection
    return Redis.from_url(settings.redis_url, **sockets, **options)


def engine_options(*, pool_size: int, name: str) -> dict[str, Any]:
    """Options of SQLAlchemy's engine, for the web's as well as for the jobs'.

    Args:
        pool_size: connections a process may hold.
        name: shown in pg_stat_activity.
    """
    return {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": 10,
        "hide_parameters": True,  # errors and tracebacks would show passwords' hashes and cells
        "connect_args": {
            "connect_timeout": 5,
            "client_encoding": "utf8",  # what `importer.record_types.copying` writes, whatever the database's own
            "application_name": name,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    }


def connect_database(settings: Settings, *, pool_size: int, name: str) -> Engine:
    """The engine of a dispatcher or a worker."""
    engine = create_engine(settings.database_url, **engine_options(pool_size=pool_size, name=name))
    transactions.set_up(engine, settings.database_schema)
    return engine


def connect_for_migrations(settings: Settings) -> Engine:
    """An engine whose statements may take their time, for migrations and the lock around them.

    It looks for tables elsewhere too: until the last migration there is always one missing.
    """
    engine = create_engine(settings.database_url, **engine_options(pool_size=2, name="importer migrations"))
    transactions.set_up(engine, settings.database_schema, MIGRATION_LIMITS, own_tables_only=False)
    return engine
