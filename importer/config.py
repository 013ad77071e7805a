"""Every setting of the product, once: name, default, unit and meaning.

Settings come from environment variables (https://12factor.net/config). The README's table of settings is
held against `SETTINGS` by a test.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from configparser import RawConfigParser
from dataclasses import dataclass, field, fields
from typing import Any

from importer.errors import SettingsError
from importer.storage.object_writer import MAX_OBJECT_BYTES


def _flag(text: str) -> bool:
    value = RawConfigParser.BOOLEAN_STATES.get(text.lower())
    if value is None:
        raise ValueError("say true or false")
    return value


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("must be 1 or more")
    return number


def _upload_limit(text: str) -> int:
    limit = _count(text)
    if limit > MAX_OBJECT_BYTES:
        raise ValueError(f"must be at most {MAX_OBJECT_BYTES}, the largest object that S3 takes in our parts")
    return limit


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise ValueError("must be a number above 0")
    return number


def _seconds_or_off(text: str) -> float:
    number = float(text)
    if not 0 <= number < math.inf:
        raise ValueError("must be a number, 0 or above")
    return number


def _row_timeout(text: str) -> float:
    seconds = _seconds(text)
    if seconds > 12:
        raise ValueError("must be at most 12: after 15 the database ends a transaction that waits")
    return seconds


def _whole(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError("must be 0 or more")
    return number


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return text.rstrip("/")


def _database_url(text: str) -> str:
    """Name the driver: SQLAlchemy 2.1 refuses `postgres://` and reads plain `postgresql://` as psycopg 3."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+psycopg2"):
        raise ValueError("must begin with postgres:// or postgresql://")
    return f"postgresql+psycopg2://{rest}"


@dataclass(frozen=True)
class Setting:
    """One environment variable: how its text is read, its default as text (None: required), its meaning."""

    name: str
    read: Callable[[str], Any]
    default: str | None
    meaning: str


def _setting(name: str, read: Callable[[str], Any], default: str | None, meaning: str) -> Any:
    return field(metadata={"setting": Setting(name, read, default, meaning)})


@dataclass(frozen=True)
class Settings:
    """The settings of one process, read from its environment."""

    secret_key: str = _setting(
        "SECRET_KEY",
        str,
        None,
        "signs sessions and CSRF tokens; a long random text, the same on every web process",
    )
    database_url: str = _setting("DATABASE_URL", _database_url, None, "Postgres 14 or newer")
    redis_url: str = _setting(
        "REDIS_URL",
        str,
        None,
        "Redis 7.0 or Valkey 7.2, or newer; `rediss://` for TLS; eviction policy `noeviction`",
    )
    redis_tls_verify: bool = _setting(
        "REDIS_TLS_VERIFY", _flag, "true", "`false` accepts a self-signed certificate, as Heroku's Redis has"
    )
    s3_bucket: str = _setting(
        "S3_BUCKET",
        str,
        None,
        "bucket for uploaded files; credentials, region and endpoint are boto3's own variables",
    )
    keep_files: bool = _setting(
        "KEEP_FILES", _flag, "false", "`true` keeps the object in S3 after the import has ended"
    )
    record_types: tuple[str, ...] = _setting(
        "RECORD_TYPES",
        _names,
        "",
        "import paths of your own record types, `package.module:Class`, comma-separated",
    )
    max_upload_bytes: int = _setting(
        "MAX_UPLOAD_BYTES", _upload_limit, str(5 * 1024**3), "bytes; larger files are refused"
    )
    max_queued_rows: int = _setting(
        "MAX_QUEUED_ROWS",
        _count,
        "10000",
        "row jobs; the dispatcher waits while `low` holds as many: a sixth of a second's work at full speed",
    )
    max_queued_bytes: int = _setting(
        "MAX_QUEUED_BYTES",
        _count,
        str(8 * 1024**2),
        "bytes of cells that one import may have waiting, so that large rows fill neither a Redis of 25 MB nor a "
        "worker",
    )
    queued_seconds: float = _setting(
        "QUEUED_SECONDS",
        _seconds_or_off,
        "1",
        "seconds of work that one import may have waiting, by its own rate (at first 200 rows): so long "
        "others wait behind it; `0`: up to `MAX_QUEUED_ROWS`",
    )
    max_failed_rows: int = _setting(
        "MAX_FAILED_ROWS",
        _count,
        "10000",
        "failed rows after which an import pauses; resuming grants as many again",
    )
    max_record_bytes: int = _setting(
        "MAX_RECORD_BYTES", _count, str(256 * 1024), "bytes of one row in the file; a longer one fails"
    )
    max_cell_chars: int = _setting(
        "MAX_CELL_CHARS", _count, "65536", "characters of one cell; a row with a longer one fails"
    )
    slice_seconds: float = _setting(
        "SLICE_SECONDS",
        _seconds,
        "5",
        "seconds a dispatcher reads one file before it takes the next in turn: long beside opening a file, short "
        "beside the 30 that a platform leaves after SIGTERM",
    )
    batch_seconds: float = _setting(
        "BATCH_SECONDS",
        _seconds,
        "0.5",
        "seconds that a worker's batch aims to take, of at most 3,000 rows; pausing, cancelling and SIGTERM wait "
        "for it",
    )
    row_timeout: float = _setting(
        "ROW_TIMEOUT", _row_timeout, "10", "seconds, at most 12, a record type's `save_row` may take for one row"
    )
    web_threads: int = _setting(
        "WEB_THREADS",
        _count,
        "8",
        "requests that a web process serves at once; an upload takes one of them while it lasts",
    )
    web_pool_size: int = _setting(
        "WEB_POOL_SIZE",
        _whole,
        "0",
        "database connections of a web process at most; `0`: one more than it has threads, so that none waits",
    )
    jobs_pool_size: int = _setting(
        "JOBS_POOL_SIZE",
        _count,
        "2",
        "database connections of a dispatcher or worker at most; one is enough, the second is to spare",
    )
    base_url: str = _setting(
        "BASE_URL",
        _address,
        "http://127.0.0.1:8000",
        "where the pages are found; begins the one-time links that `flask users login-link` prints",
    )
    session_cookie_secure: bool = _setting(
        "SESSION_COOKIE_SECURE", _flag, "true", "`false` lets the session cookie travel over plain HTTP"
    )
    trusted_proxies: int = _setting(
        "TRUSTED_PROXIES",
        _whole,
        "0",
        "reverse proxies in front whose X-Forwarded headers are believed; Heroku: 1",
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read every setting.

        Raises:
            SettingsError: naming every setting that is missing or malformed, and what it means.
        """
        values: dict[str, Any] = {}
        problems: list[str] = []
        for name, setting in FIELDS.items():
            text = environment.get(setting.name, "").strip() or setting.default
            if text is None:
                problems.append(f"{setting.name} is not set: {setting.meaning}.")
                continue
            try:
                values[name] = setting.read(text)
            except ValueError as error:
                problems.append(f"{setting.name}={text!r} is wrong: {error}. It is: {setting.meaning}.")
        if problems:
            raise SettingsError("\n".join(problems))
        return cls(**values)


FIELDS: dict[str, Setting] = {f.name: f.metadata["setting"] for f in fields(Settings)}
SETTINGS: tuple[Setting, ...] = tuple(FIELDS.values())
