"""What must be so for the product to work, as a list of checks: /readyz, the doctor, the pages and every process
that starts use it.

A check that is not allowed to look finds nothing wrong, and says that it could not look.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from redis.exceptions import RedisError
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from importer.errors import StorageError
from importer.health import causes
from importer.health.tables import what_is_missing
from importer.models import CorrectedFile, Import
from importer.queue import keys, queues
from importer.queue.permissions import lacking
from importer.services import Services
from importer.statuses import Status
from importer.storage.trial import try_permissions

log = logging.getLogger(__name__)

SERVERS = ("database", "redis", "storage")

MIN_POSTGRES = 140_000
"""As `server_version_num` writes it."""

MIN_REDIS = (7, 0)
"""Valkey tells the version of Redis, too, whose commands it has."""

INSUFFICIENT_PRIVILEGE = "42501"

POSTGRES_TOO_OLD = "Postgres is too old. Run Postgres 14 or newer."
DISK_UNKNOWN = "Whether Postgres has room on its disk could not be tried: its user may not make temporary tables."
REDIS_EVICTS = "Redis would drop keys when it is full. Set its `maxmemory-policy` to `noeviction`."
POLICY_UNKNOWN = "Redis does not tell its `maxmemory-policy`. See that it is `noeviction`."
DENIED = "Redis denies its user what the product needs. Grant it: {rules} (docs/operations.md lists all)."

HOW_POSTGRES_IS = text("""
SELECT current_setting('server_version_num')::int AS version, current_setting('transaction_read_only') AS read_only
""")

FILL_SOME_PAGES = text("""
CREATE TEMPORARY TABLE importer_room ON COMMIT DROP AS SELECT number FROM generate_series(1, 30000) AS number
""")
"""About a megabyte, where the tables themselves are. Nothing of it stays."""


@dataclass(frozen=True)
class Finding:
    """What a check has found.

    Attributes:
        part: `database`, `redis`, `storage`, `dispatcher`, `worker` or `converter`.
        ok: whether nothing is wrong as far as it could look.
        message: what is wrong and what to do, or at what it could not look.
        for_strangers: the same without the names that only whoever is logged in may read.
    """

    part: str
    ok: bool
    message: str = ""
    for_strangers: str = ""


def check_database(services: Services) -> Iterator[Finding]:
    """Whether Postgres answers, is new enough and takes changes."""
    with Session(services.engine) as session:
        found = session.execute(HOW_POSTGRES_IS).one()
    if found.version < MIN_POSTGRES:
        yield _wrong("database", POSTGRES_TOO_OLD)
    if found.read_only == "on":
        yield _wrong("database", causes.DATABASE_READ_ONLY)


def check_tables(services: Services) -> Iterator[Finding]:
    """Whether the product's tables are there, as this release needs them."""
    with Session(services.engine) as session:
        missing = what_is_missing(session, services.settings.database_schema)
    if missing:
        yield _wrong("database", missing, for_strangers=causes.TABLES_MISSING)


def check_disk(services: Services) -> Iterator[Finding]:
    """Whether Postgres can make a file larger."""
    try:
        with Session(services.engine) as session:
            session.execute(text("SET LOCAL temp_tablespaces = ''"))
            session.execute(FILL_SOME_PAGES)
            session.rollback()
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) != INSUFFICIENT_PRIVILEGE:
            raise
        yield Finding("database", True, DISK_UNKNOWN)


def check_redis(services: Services) -> Iterator[Finding]:
    """Whether Redis is of the right kind, allows what is needed, and takes changes."""
    found = list(_kind_of_redis(services.redis.info()))
    yield from found
    if not all(finding.ok for finding in found):
        return
    rules = lacking(services.redis)
    if rules:
        yield _wrong("redis", DENIED.format(rules=" ".join(rules)), for_strangers=causes.REDIS_DENIES)
    else:
        services.redis.set(keys.HEALTH, 1, ex=60)


def _kind_of_redis(info: dict[str, Any]) -> Iterator[Finding]:
    if tuple(map(int, re.findall(r"\d+", str(info["redis_version"]))))[:2] < MIN_REDIS:
        yield _wrong("redis", causes.REDIS_TOO_OLD)
    if info.get("role") == "slave":  # a write would be tried again for a minute before it says so
        yield _wrong("redis", causes.REDIS_READ_ONLY)
    if info.get("cluster_enabled"):
        yield _wrong("redis", causes.REDIS_CLUSTER)
    policy = info.get("maxmemory_policy")
    if policy is None:
        yield Finding("redis", True, POLICY_UNKNOWN)
    elif policy != "noeviction":
        yield _wrong("redis", REDIS_EVICTS)


def check_bucket(services: Services) -> Iterator[Finding]:
    """Whether the bucket is there."""
    services.storage.check()
    yield from ()


def check_bucket_permissions(services: Services) -> Iterator[Finding]:
    """Whether everything that is done with files may be done."""
    try_permissions(services.storage)
    yield from ()


def check_dispatcher(services: Services) -> Iterator[Finding]:
    if not queues.living_workers(services.redis, queues.HIGH):
        message = "No dispatcher is running: files are not read. Start one (`dispatcher` in the Procfile)."
        yield _wrong("dispatcher", message)


def check_converter(services: Services) -> Iterator[Finding]:
    """Whether one is running, where a file waits for it: most installations need none."""
    with Session(services.engine) as session:
        is_wanted = session.scalar(select(Import.id).where(Import.status == Status.CONVERTING).limit(1)) or (
            session.scalar(select(CorrectedFile.repair_id).where(CorrectedFile.is_stored).limit(1))
        )
    if is_wanted and not queues.living_workers(services.redis, queues.DEFAULT):
        message = (
            "No converter is running: corrected rows, workbooks and other files that have to be converted are not"
            " read. Start one"
            " (`converter` in the Procfile)."
        )
        yield _wrong("converter", message)


def check_worker(services: Services) -> Iterator[Finding]:
    if not queues.living_workers(services.redis, queues.LOW):
        message = "No worker is running: rows are not imported. Start one (`worker` in the Procfile)."
        yield _wrong("worker", message)


def _wrong(part: str, message: str, for_strangers: str = "") -> Finding:
    return Finding(part, False, message, for_strangers or message)


def _failed(part: str, error: Exception) -> Finding:
    """An error of the server, as a finding: its cause, or in its own words, which may hold names."""
    public = causes.cause_of(error) or f"The {part} refuses what it is asked; the log says more."
    return _wrong(part, causes.in_words(error), public)


class Check(NamedTuple):
    """One entry of the list.

    Attributes:
        seconds: it holds for so long that nothing was wrong; what costs more is not looked at each time.
    """

    part: str
    look: Callable[[Services], Iterator[Finding]]
    seconds: float = 0.0

    def findings(self, services: Services) -> list[Finding]:
        """What is wrong, and what could not be looked at."""
        try:
            return list(self.look(services))
        except StorageError as error:
            return [_wrong(self.part, error.message, error.for_strangers)]
        except (RedisError, SQLAlchemyError) as error:
            if self.part not in SERVERS:
                return [_wrong(self.part, "Whether one is running cannot be told while Redis does not answer.")]
            return [_failed(self.part, error)]


DATABASE = Check("database", check_database)

CHECKS = (
    DATABASE,
    Check("database", check_tables),
    Check("redis", check_redis),
    Check("dispatcher", check_dispatcher),
    Check("worker", check_worker),
    Check("converter", check_converter),
    Check("storage", check_bucket),
    Check("database", check_disk, seconds=60),
    Check("storage", check_bucket_permissions, seconds=3600),
)


class Examination:
    """Looks at everything again and again, at what costs more only now and then.

    Args:
        parts: those to be looked at, by default all.
    """

    def __init__(
        self, services: Services, parts: Collection[str] = (*SERVERS, "dispatcher", "worker", "converter")
    ) -> None:
        self._services = services
        self._checks = [check for check in CHECKS if check.part in parts]
        self._found: dict[Check, list[Finding]] = {}
        self._looked_at: dict[Check, float] = {}

    def findings(self) -> list[Finding]:
        """What is wrong now, and what could not be looked at."""
        *_, found = self.steps()
        return found

    def steps(self) -> Iterator[list[Finding]]:
        """The findings after each check; those of the following ones are still of the last time."""
        for check in self._checks:
            if self._is_failing_before(check):
                self._found[check] = []  # it would find the same in other words
            elif self._is_due(check):
                self._found[check] = check.findings(self._services)
                self._looked_at[check] = time.monotonic()
            yield [finding for found in self._found.values() for finding in found]

    def _is_failing_before(self, check: Check) -> bool:
        before = self._checks[: self._checks.index(check)]
        return any(self._is_wrong(other) for other in before if other.part == check.part)

    def _is_wrong(self, check: Check) -> bool:
        return any(not finding.ok for finding in self._found.get(check, ()))

    def _is_due(self, check: Check) -> bool:
        """What was wrong is looked at each time."""
        held_until = self._looked_at.get(check, float("-inf")) + check.seconds
        return self._is_wrong(check) or time.monotonic() >= held_until


def log_what_is_wrong(services: Services) -> None:
    """Say in the log of a process that starts what is wrong with the servers."""
    for finding in Examination(services, SERVERS).findings():
        if not finding.ok:
            log.error("%s: %s", finding.part, finding.message)
