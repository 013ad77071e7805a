"""Writing one object to S3 as a stream: flat memory, several parts in flight, nothing left behind on failure.

The calls to S3 themselves are behind `PartStore`, which `importer.storage.s3.Storage` fulfils.
"""

from __future__ import annotations

import io
import logging
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from importer.errors import StorageError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

log = logging.getLogger(__name__)

# S3 takes parts of 5 MiB to 5 GiB, at most 10,000 of them: parts of 5 MiB reach 48 GiB. With parts
# of 8 MiB a web process grew by half as much again, and uploads were no faster.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
PART_BYTES = 5 * 1024 * 1024
PARTS_IN_FLIGHT = 3
MAX_OBJECT_BYTES = 10_000 * PART_BYTES


@dataclass(frozen=True)
class StoredObject:
    """An object that S3 has confirmed: its size in bytes, its ETag as S3 gave it, quotes included."""

    size: int
    etag: str


@dataclass(frozen=True)
class SentPart:
    """A part that S3 has confirmed; `checksum` is its CRC32 in base64, where one was sent."""

    number: int
    etag: str
    checksum: str | None


class UnfinishedUpload(NamedTuple):
    """A multipart upload that was begun and neither completed nor aborted."""

    key: str
    upload_id: str
    begun_at: datetime


class PartStore(Protocol):
    """What an `ObjectWriter` asks of the storage. Every call may raise `StorageError`."""

    def put(self, key: str, data: bytes) -> str: ...

    def begin_upload(self, key: str) -> str: ...

    def send_part(self, key: str, upload_id: str, number: int, data: bytes) -> SentPart: ...

    def finish_upload(self, key: str, upload_id: str, parts: list[SentPart], size: int) -> str: ...

    def abort_upload(self, key: str, upload_id: str) -> None: ...

    def delete(self, key: str) -> None: ...


class ObjectWriter:
    """A context manager that writes one object; leaving it without `complete()` leaves nothing in S3.

    At most `PARTS_IN_FLIGHT` + 2 parts of `PART_BYTES` are held in memory, whatever the object's size: the one
    that is being filled grows by a copy. Less than one part goes up in a single request. For one thread; a key is
    written once.
    """

    def __init__(self, store: PartStore, key: str) -> None:
        self._store = store
        self._key = key
        self._filling = io.BytesIO()
        self._size = 0
        self._upload_id: str | None = None
        self._parts_begun = 0
        self._in_flight: set[Future[SentPart]] = set()
        self._sent: list[SentPart] = []
        self._failure: Exception | None = None
        self._finishing = False
        self._ended = False
        self._pool = ThreadPoolExecutor(PARTS_IN_FLIGHT, thread_name_prefix="s3-part")

    def __enter__(self) -> ObjectWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.abort()
        except StorageError as problem:
            # The error on its way out says more than this one, and recovery sweeps abandoned uploads.
            log.warning("could not abort the upload of %s, recovery will: %s", self._key, problem)

    def write(self, data: ReadableBuffer) -> int:
        """Take bytes; blocks while a full part waits for one of those in flight.

        Returns:
            How many bytes were taken: all.

        Raises:
            StorageError: a part could not be stored, this one or an earlier one.
            ValueError: the writer was completed or aborted before.
        """
        self._refuse_if_ended()
        self._settle(FIRST_COMPLETED, timeout=0)
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest:
            taken = self._filling.write(rest[: PART_BYTES - self._filling.tell()])
            rest = rest[taken:]
            self._size += taken
            if self._filling.tell() == PART_BYTES:
                self._send_part()
        return size

    def complete(self) -> StoredObject:
        """Store what is left and make the object visible.

        Raises:
            StorageError: a part or the object could not be stored.
            ValueError: the writer was completed or aborted before.
        """
        self._refuse_if_ended()
        etag = self._put() if self._upload_id is None else self._finish(self._upload_id)
        self._ended = True
        self._pool.shutdown()
        return StoredObject(self._size, etag)

    def abort(self) -> None:
        """Leave nothing in S3; does nothing after `complete()` or an earlier `abort()`.

        Waits for parts in flight first: S3 keeps a part that arrives after the abort.
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html

        Raises:
            StorageError: S3 could not be asked to; unfinished uploads of the key may be left.
        """
        if self._ended:
            return
        self._ended = True
        self._pool.shutdown()
        try:
            if self._upload_id is not None:
                self._store.abort_upload(self._key, self._upload_id)
        finally:
            # A completing call whose answer got lost may have stored the object all the same.
            if self._finishing:
                self._store.delete(self._key)

    def _refuse_if_ended(self) -> None:
        if self._ended:
            raise ValueError(f"the writer of {self._key} was completed or aborted before")

    def _put(self) -> str:
        self._finishing = True
        return self._store.put(self._key, self._filling.getvalue())

    def _finish(self, upload_id: str) -> str:
        if self._filling.tell():
            self._send_part()
        self._settle(ALL_COMPLETED)
        self._finishing = True
        parts = sorted(self._sent, key=lambda part: part.number)
        return self._store.finish_upload(self._key, upload_id, parts, self._size)

    def _send_part(self) -> None:
        if len(self._in_flight) == PARTS_IN_FLIGHT:
            self._settle(FIRST_COMPLETED)
        self._upload_id = self._upload_id or self._store.begin_upload(self._key)
        self._parts_begun += 1
        # A BytesIO hands over its bytes without a copy; joining pieces would hold a part twice.
        data, self._filling = self._filling.getvalue(), io.BytesIO()
        sending = self._pool.submit(self._store.send_part, self._key, self._upload_id, self._parts_begun, data)
        self._in_flight.add(sending)

    def _settle(self, until: str, timeout: float | None = None) -> None:
        """Take the answers of parts that are done; one failure stays the failure of every later call."""
        done, self._in_flight = wait(self._in_flight, timeout, until)
        for sending in done:
            problem = sending.exception()
            if problem is None:
                self._sent.append(sending.result())
            elif isinstance(problem, Exception):
                self._failure = self._failure or problem
            else:
                raise problem
        if self._failure is not None:
            raise self._failure
