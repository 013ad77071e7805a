"""Jobs as they stand in Redis, where anybody may have written them: to read one runs nothing that it names."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError
from rq.exceptions import DeserializationError, InvalidJobOperation
from rq.job import Job

MAX_BYTES = 64 * 1024**2
"""Of a job's data, unpacked: far more than any row makes."""

ZLIB = b"\x78"
"""How what zlib has compressed begins."""

SPOILT = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    DeserializationError,
    InvalidJobOperation,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    zlib.error,
)
"""What RQ stumbles over where a field in Redis is none that it wrote."""


class UnreadableJobError(Exception):
    """Somebody has put a job on a queue that is none of ours, or has spoilt one."""

    job_id = ""
    """RQ notes here which job it could not read."""


@contextmanager
def only_unreadable() -> Iterator[None]:
    """Turn whatever RQ stumbles over while it reads into `UnreadableJobError`."""
    try:
        yield
    except SPOILT as error:
        raise UnreadableJobError(f"The job's fields are spoilt ({type(error).__name__}).") from error
    except ResponseError as error:
        if not str(error).startswith("WRONGTYPE"):
            raise
        raise UnreadableJobError("The job's key holds no job.") from error


def plain(data: bytes) -> bytes:
    """A job's data; RQ compresses those of a job that it saves again, a requeued one say.

    Raises:
        UnreadableJobError: they are spoilt.
    """
    if data[:1] != ZLIB:
        return data
    reader = zlib.decompressobj()
    try:
        found = reader.decompress(data, MAX_BYTES)
    except zlib.error as error:
        raise UnreadableJobError("A job's data are spoilt.") from error
    if reader.unconsumed_tail:
        raise UnreadableJobError(f"A job's data are more than {MAX_BYTES:,} bytes.")
    return found


class StoredJob(Job):
    """A job of RQ that has nothing called but its function, and of which only sound data are believed.

    The callbacks and webhooks that its hash may name are left out: none of our jobs has any, and they would call
    whatever function, or whatever address, somebody has written there.
    """

    success_callback = failure_callback = stopped_callback = None

    def send_webhooks(self, *_: Any, **__: Any) -> None:
        """None of our jobs has any."""

    @classmethod
    def fetch(cls, id: str, connection: Redis | None = None, serializer: Any = None) -> Job:  # noqa: A002
        """The job of this id.

        Raises:
            NoSuchJobError: there is none.
            UnreadableJobError: what is there is no job, or a spoilt one.
        """
        with only_unreadable():
            return super().fetch(id, connection, serializer)

    def restore(self, raw_data: dict[bytes, bytes]) -> None:
        """Read a hash. RQ itself would unpack what is compressed there to any size."""
        if b"data" not in raw_data:
            raise UnreadableJobError("A job has no data.")
        super().restore({**raw_data, b"data": b"", b"exc_info": b""})
        self.data = plain(raw_data[b"data"])
