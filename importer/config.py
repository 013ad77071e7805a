"""Every setting of the product, once: name, default, unit and meaning.

Settings come from environment variables (https://12factor.net/config). The README's table of settings is
held against `SETTINGS` by a test.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from importer import sentinel
from importer.errors import SettingsError
from importer.mail.servers import MailAddress
from importer.sentinel import SentinelAddress
from importer.storage.object_writer import MAX_OBJECT_BYTES
from importer.time_limits import MAX_BATCH_SECONDS, MAX_ROW_TIMEOUT_SECONDS, MAX_SLICE_SECONDS


def _beginning(*beginnings: str) -> AfterValidator:
    def check(text: str) -> str:
        if not text.startswith(beginnings):
            raise ValueError(f"should begin with {' or '.join(beginnings)}")
        return text

    return AfterValidator(check)


def _with_driver(url: str) -> str:
    """Name the driver: SQLAlchemy 2.1 refuses `postgres://` and reads plain `postgresql://` as psycopg 3."""
    return f"postgresql+psycopg2://{url.partition('://')[2]}"


def _with_sentinels(url: str) -> str:
    if url.startswith(sentinel.SCHEMES):
        SentinelAddress.parse(url)
    return url


def _with_mail_server(url: str) -> str:
    if url:
        MailAddress.parse(url)
    return url


def _mail_address(text: str) -> str:
    if text and not MAIL_ADDRESS.fullmatch(text):
        raise ValueError("should be one e-mail address, such as importer@example.com")
    return text


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _host_names(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not HOST_NAME.fullmatch(name):
            raise ValueError(f"should hold host names, and {name!r} is none")
    return tuple(name.lower() for name in names)


def _with_host(url: str) -> str:
    if not HOST_NAME.fullmatch(urlsplit(url).hostname or ""):
        raise ValueError("should name a host, or an IPv4 address")
    return url.rstrip("/")


HOST_NAME = re.compile(r"[^\s/:@\[\]]+")
MAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
MAX_KEPT_DAYS = 365

KEY_PREFIX = "^[A-Za-z0-9_.:-]*$"
"""What RQ allows in the names of its keys, without braces: in a template they would mean something."""

WebAddress = Annotated[str, _beginning("http://", "https://"), AfterValidator(_with_host)]
RedisAddress = Annotated[
    str, _beginning("redis://", "rediss://", "unix://", *sentinel.SCHEMES), AfterValidator(_with_sentinels)
]
DatabaseAddress = Annotated[
    str, _beginning("postgres://", "postgresql://", "postgresql+psycopg2://"), AfterValidator(_with_driver)
]


class Settings(BaseModel):
    """The settings of one process.

    Each is the environment variable of the same name in capitals; under it stands its meaning. What is left out of
    `repr` is a secret: no message shows its value either.
    """

    model_config = ConfigDict(
        frozen=True,
        alias_generator=str.upper,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )

    secret_key: str = Field(repr=False, min_length=16)
    """signs sessions and CSRF tokens; a long random text, at least 16 characters, the same on every web process"""

    database_url: DatabaseAddress = Field(repr=False)
    """Postgres 14 or newer"""

    database_schema: Annotated[str, Field(max_length=63)] = "public"
    """schema of the product's tables, and of those of record types whose models name none; in a database that is
    shared, one of its own; `flask db upgrade` makes it"""

    redis_url: RedisAddress = Field(repr=False)
    """Redis 7.0 or Valkey 7.2, or newer; `rediss://` for TLS; eviction policy `noeviction`; with sentinels
    `redis+sentinel://[user:password@]host1:26379,host2:26379/name of the primary`"""

    redis_prefix: Annotated[str, Field(pattern=KEY_PREFIX)] = ""
    """what every key in Redis begins with, where several installations share one: letters, digits and `_.:-`"""

    redis_tls_verify: bool = True
    """`false` accepts a self-signed certificate, as Heroku's Redis has"""

    s3_bucket: str
    """bucket for uploaded files; credentials, region and endpoint are boto3's own variables"""

    keep_files: bool = False
    """`true` keeps the object in S3 after the import has ended"""

    keep_undone_days: Annotated[NonNegativeInt, Field(le=MAX_KEPT_DAYS)] = 7
    """days, at most 365, that the file of an import which was cancelled or could not go on stays in S3, so that
    its rows which were not imported can be downloaded; `0`: it is deleted at once"""

    record_types: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    """import paths of your own record types, `package.module:Class`, comma-separated"""

    migrations_folder: str = "record_type_migrations"
    """folder of the migrations of your own record types; the first `flask db migrate` makes it"""

    max_upload_bytes: Annotated[PositiveInt, Field(le=MAX_OBJECT_BYTES)] = 5 * 1024**3
    """bytes, at most 52428800000, which S3 takes in our parts; larger files are refused"""

    max_queued_rows: PositiveInt = 10_000
    """row jobs; the dispatcher waits while `low` holds as many: a sixth of a second's work at full speed"""

    max_queued_bytes: PositiveInt = 8 * 1024**2
    """bytes of cells that one import may have waiting, so that large rows fill neither a Redis of 25 MB nor a
    worker"""

    queued_seconds: NonNegativeFloat = 1
    """seconds of work that one import may have waiting, by its own rate (at first 200 rows): so long others wait
    behind it; `0`: up to `MAX_QUEUED_ROWS`"""

    max_failed_rows: PositiveInt = 10_000
    """failed rows after which an import pauses; at most `MAX_QUEUED_ROWS` more fail until it has, and resuming
    grants as many again"""

    max_record_bytes: PositiveInt = 256 * 1024
    """bytes of one row in the file; a longer one fails"""

    max_cell_chars: PositiveInt = 65_536
    """characters of one cell; a row with a longer one fails"""

    slice_seconds: Annotated[PositiveFloat, Field(le=MAX_SLICE_SECONDS)] = 5
    """seconds, at most 8, a dispatcher reads one file before it takes the next in turn: long beside opening a
    file, short beside the 30 after which a dispatcher that does not report counts as dead"""

    batch_seconds: Annotated[PositiveFloat, Field(le=MAX_BATCH_SECONDS)] = 0.5
    """seconds, at most 5, that a worker's batch aims to take, of at most 3,000 rows; pausing, cancelling and
    SIGTERM wait for it, and the database ends a statement after 15, of which it may wait 10 for a lock"""

    row_timeout: Annotated[PositiveFloat, Field(le=MAX_ROW_TIMEOUT_SECONDS)] = 10
    """seconds, at most 12, a record type's `save_row` may take for one row: the database ends a transaction that
    idles for 15"""

    web_threads: PositiveInt = 8
    """requests that a web process serves at once, and beside them as many uploads; of more uploads each waits 20
    seconds for its place, and is then asked to come again"""

    web_pool_size: NonNegativeInt = 0
    """database connections of a web process at most; `0`: one more than `WEB_THREADS`, as an upload holds none
    while its file arrives"""

    jobs_pool_size: PositiveInt = 2
    """database connections of a dispatcher or worker at most; one is enough, the second is to spare"""

    base_url: WebAddress = "http://127.0.0.1:8000"
    """where the pages are found, and the host name they answer to; begins the one-time links that `flask users
    login-link` prints"""

    smtp_url: Annotated[str, AfterValidator(_with_mail_server)] = Field(default="", repr=False)
    """where mails about imports go: `smtps://user:password@host:465`, `smtp://host:587` (encrypted where the
    server can, and always where there is a password), or `file:///path` to append them to a file; without it none
    are sent"""

    mail_from: Annotated[str, AfterValidator(_mail_address)] = ""
    """the address that mails come from; without it `importer@` and the host of `BASE_URL`"""

    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(_names), AfterValidator(_host_names)] = ()
    """further host names that the pages and the API answer to, comma-separated, without ports; `.example.com`
    stands for every name below it"""

    session_cookie_secure: bool = True
    """`false` lets the session cookie travel over plain HTTP"""

    trusted_proxies: NonNegativeInt = 0
    """reverse proxies in front whose X-Forwarded headers are believed; Heroku: 1"""

    @property
    def sender(self) -> str:
        """The address that mails come from."""
        return self.mail_from or f"importer@{urlsplit(self.base_url).hostname}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read every setting; an empty variable counts as not set.

        Raises:
            SettingsError: naming every setting that is missing or wrong, and what it means.
        """
        texts = {setting.name: environment.get(setting.name, "").strip() for setting in SETTINGS}
        try:
            return cls.model_validate({name: text for name, text in texts.items() if text})
        except ValidationError as error:
            problems = error.errors()
        raise SettingsError("\n".join(map(_problem, problems)))


def redis_prefix(environment: Mapping[str, str]) -> str:
    """The setting REDIS_PREFIX by itself: the names of keys are made before a process has read its settings.

    A malformed one counts as none; reading the settings refuses it.
    """
    prefix = environment.get("REDIS_PREFIX", "").strip()
    return prefix if re.fullmatch(KEY_PREFIX, prefix) else ""


class Setting(NamedTuple):
    """One environment variable: its default as text (None: required), its meaning, and whether it is a secret."""

    name: str
    default: str | None
    meaning: str
    is_secret: bool


def _setting(name: str, field: FieldInfo) -> Setting:
    default = None if field.is_required() else _as_text(field.default)
    return Setting(name.upper(), default, " ".join((field.description or "").split()), not field.repr)


def _as_text(default: Any) -> str:
    return ",".join(default) if isinstance(default, tuple) else str(default).lower()


SETTINGS = tuple(_setting(name, field) for name, field in Settings.model_fields.items())
BY_NAME = {setting.name: setting for setting in SETTINGS}


def _problem(error: ErrorDetails) -> str:
    setting = BY_NAME[str(error["loc"][0])]
    if error["type"] == "missing":
        return f"{setting.name} is not set: {setting.meaning}."
    value = "" if setting.is_secret else f"={error['input']!r}"
    wrong = error["msg"].removeprefix("Value error, ").removeprefix("Input ").removeprefix("String ")
    return f"{setting.name}{value} is wrong: {wrong}. It is: {setting.meaning}."
