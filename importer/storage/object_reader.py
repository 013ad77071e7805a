"""Reading an object as a stream from any byte on: never past its end, and never less than that in silence."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Protocol

from importer.errors import StorageError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Body(Protocol):
    """What S3 sends. `readinto` may raise `StorageError` and returns 0 where the connection ended."""

    def readinto(self, buffer: memoryview, /) -> int: ...

    def close(self) -> None: ...


class ObjectReader(io.RawIOBase):
    """The rest of an object, from an offset. `io.BufferedReader(reader, 1 << 20)` reads it at speed.

    Reading raises `StorageError` where the body breaks off before `total`, and goes on raising it.

    Attributes:
        total: bytes of the whole object.
        offset: the byte of the object that the next read begins with. A buffer in front reads ahead: what
            it has handed out lies behind this.
    """

    def __init__(self, body: Body, *, offset: int, total: int) -> None:
        super().__init__()
        self._body = body
        self.offset = offset
        self.total = total

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        if self.closed:
            raise ValueError("the reader is closed")
        room = memoryview(buffer).cast("B")[: self.total - self.offset]
        if not room:
            return 0
        count = self._body.readinto(room)
        if not count:
            raise StorageError(
                f"S3 broke off at byte {self.offset} of {self.total}. The import goes on by itself."
            )
        self.offset += count
        return count

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()
