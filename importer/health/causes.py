"""What an error of Postgres or Redis comes from, in words: what is wrong, and what to set or to do about it.

Postgres's error codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

import re

from redis.exceptions import (
    AskError,
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    ClusterCrossSlotError,
    ClusterDownError,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.sentinel import MasterNotFoundError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from importer.connections import CERTIFICATE_REFUSED, RedisCertificateError

DATABASE_AWAY = "The database does not answer. Nothing is lost; imports wait for it."
DATABASE_READ_ONLY = (
    "Postgres is read-only: it is a standby, or `default_transaction_read_only` is on. Nothing is lost; imports "
    "wait. Let DATABASE_URL name the primary; where it names several hosts, add `target_session_attrs=read-write`."
)
DATABASE_DISK_FULL = (
    "Postgres has no room left on its disk. Nothing is lost; imports wait. Make room, or enlarge the disk."
)
DATABASE_FULL = (
    "Postgres has no connection left. Raise its `max_connections`, or lower WEB_POOL_SIZE, JOBS_POOL_SIZE or the "
    "number of workers."
)
DATABASE_DENIES = "Postgres denies its account what the product needs. Grant it, or let DATABASE_URL name another."
TABLES_MISSING = "The database lacks a table or column of the product. Run `flask db upgrade`."

BY_STATE = {
    "25006": DATABASE_READ_ONLY,
    "42501": DATABASE_DENIES,
    "42P01": TABLES_MISSING,
    "42703": TABLES_MISSING,
    "53100": DATABASE_DISK_FULL,
    "53300": DATABASE_FULL,
}
"""By SQLSTATE."""

REDIS_AWAY = "Redis does not answer. Nothing is lost; imports wait for it."
REDIS_FULL = "Redis is full. Imports wait until workers have made room, or it is enlarged."
REDIS_READ_ONLY = (
    "Redis is a read-only replica. Nothing is lost; imports wait. Let REDIS_URL name the primary, or its "
    "sentinels (`redis+sentinel://`)."
)
REDIS_DENIES = (
    "Redis denies its user a command or a key. Nothing is lost; imports wait. `flask imports doctor` names what "
    "to grant; docs/operations.md lists all that the product needs."
)
REDIS_CLUSTER = (
    "Redis runs in cluster mode, in which the product cannot work: its scripts use keys of several slots. Let "
    "REDIS_URL name a Redis without it."
)
REDIS_LOGIN = "Redis does not accept the user and password. Mend REDIS_URL."
REDIS_NOT_SAVING = (
    "Redis cannot write its snapshot to its disk, and refuses changes meanwhile. Nothing is lost; imports wait. "
    "Mend its disk, or set `stop-writes-on-bgsave-error no`."
)
REDIS_LACKS_REPLICAS = (
    "Redis refuses changes, as too few replicas follow it. Nothing is lost; imports wait. Start them, or lower "
    "`min-replicas-to-write`."
)
REDIS_TOO_OLD = "Redis is too old: it lacks what the product needs. Run Redis 7.0, Valkey 7.2 or a newer one."
NO_PRIMARY = (
    "No sentinel of Redis knows a primary of that name that is up. Nothing is lost; imports wait for one. Compare "
    "the name in REDIS_URL with the sentinels' own (`SENTINEL masters`)."
)

BY_CLASS: tuple[tuple[type[RedisError], str], ...] = (
    (OutOfMemoryError, REDIS_FULL),
    (ReadOnlyError, REDIS_READ_ONLY),
    (MasterDownError, REDIS_READ_ONLY),
    (NoPermissionError, REDIS_DENIES),
    (AskError, REDIS_CLUSTER),
    (ClusterCrossSlotError, REDIS_CLUSTER),
    (ClusterDownError, REDIS_CLUSTER),
    (AuthenticationError, REDIS_LOGIN),
    (AuthenticationWrongNumberOfArgsError, REDIS_LOGIN),
    (MasterNotFoundError, NO_PRIMARY),
    (RedisCertificateError, CERTIFICATE_REFUSED),
)
"""The first that fits."""

BY_WORDS = (
    # Within a script, Redis 7.0 and Valkey; SORT_RO with GET.
    (re.compile("user executing the script|ACL failure in script|insufficient ACL"), REDIS_DENIES),
    (re.compile("MISCONF"), REDIS_NOT_SAVING),
    (re.compile("NOREPLICAS"), REDIS_LACKS_REPLICAS),
    (re.compile("^unknown command|compiling script"), REDIS_TOO_OLD),
)
"""Refusals to which redis-py gives no class."""


def cause_of(error: Exception) -> str | None:
    """What is wrong and what to do, without addresses and names; None for an error of another kind."""
    if isinstance(error, RedisError):
        return _cause_in_redis(error)
    if isinstance(error, DBAPIError):
        away = DATABASE_AWAY if isinstance(error, OperationalError | InterfaceError) else None
        return BY_STATE.get(getattr(error.orig, "pgcode", None) or "", away)
    return DATABASE_AWAY if isinstance(error, PoolTimeoutError) else None


def _cause_in_redis(error: RedisError) -> str | None:
    for kind, cause in BY_CLASS:
        if isinstance(error, kind):
            return cause
    if not isinstance(error, ResponseError):
        return REDIS_AWAY
    return next((cause for words, cause in BY_WORDS if words.search(str(error))), None)


def in_words(error: Exception) -> str:
    """For the log: the cause, if it is known, and the server's own words, without the statement."""
    cause = cause_of(error)
    own = str(getattr(error, "orig", None) or error).partition("\n")[0]
    return f"{cause} ({own})" if cause and cause not in own else own
