"""The connection to one client, made so that whoever writes to it does not wait."""

from __future__ import annotations

import contextlib
import errno
import logging
import select
import socket
import time
from typing import TYPE_CHECKING

from importer.errors import SlowUploadError
from importer.front import pace

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

log = logging.getLogger(__name__)

READ_BYTES = 64 * 1024
MAX_UNSENT = 4 * 1024 * 1024
"""So much of an answer is kept until the client takes it; only the thread of a longer one waits."""


class NoMoreError(TimeoutError):
    """The rest of the request's body is not here, and no thread waits for it."""


class Client(socket.socket):
    """A connection that never blocks, except where the thread of an upload reads on.

    `recv` and `sendall` are called by threads, through gunicorn; the other methods by the worker's loop.

    Attributes:
        address: of the client, for the log.
        pace: how quick the client must be at present.
        refusal: raised where a thread reads beyond what has been read ahead; None in the thread of an upload.
        unsent: the part of the answer that the client has not taken yet.
    """

    def __init__(self, accepted: socket.socket, address: object) -> None:
        super().__init__(fileno=accepted.detach())
        super().setblocking(False)
        self.address = address
        self.pace = pace.of_header()
        self.refusal: Exception | None = NoMoreError()
        self.unsent = bytearray()
        self._waited_until = time.monotonic()

    def setblocking(self, flag: bool) -> None:
        """Stay as it is: gunicorn would let its threads wait without end."""

    def receive(self) -> bytes | None:
        """What has come: None if nothing has, no bytes if the client has gone."""
        try:
            return self._try_recv(READ_BYTES)
        except OSError:
            return b""

    def expect_body(self, refusal: Exception | None) -> None:
        """Hand the connection to a thread, which may read on only without a refusal."""
        self.refusal = refusal
        self.pace = pace.of_body()
        self._waited_until = time.monotonic()

    def recv(self, size: int, flags: int = 0) -> bytes:
        """The next bytes of an upload.

        Raises:
            SlowUploadError: they come too slowly.
        """
        if self.refusal is not None:
            raise self.refusal
        # What S3 and the database took in between is not the client's fault.
        self.pace.forgive(time.monotonic() - self._waited_until)
        while (data := self._try_recv(size, flags)) is None:
            if not self._wait(select.POLLIN):
                log.warning("an upload from %s is ended: %s", self.address, SlowUploadError())
                raise SlowUploadError
        self.pace.moved(len(data))
        self._waited_until = time.monotonic()
        return data

    def _try_recv(self, size: int, flags: int = 0) -> bytes | None:
        try:
            return super().recv(size, flags)
        except BlockingIOError:
            return None

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        """Send what the client takes at once, and leave the rest to the worker's loop."""
        if not self.unsent:
            self.pace = pace.of_body()
        self.unsent += data
        self.send_unsent()
        while len(self.unsent) > MAX_UNSENT:
            if not self._wait(select.POLLOUT):
                raise ConnectionResetError(errno.ECONNRESET, "the client takes its answer too slowly")
            self.send_unsent()

    def send_unsent(self) -> None:
        """Send what the client takes now.

        Raises:
            OSError: it has gone.
        """
        with contextlib.suppress(BlockingIOError):
            while self.unsent:
                sent = self.send(self.unsent)
                del self.unsent[:sent]
                self.pace.moved(sent)

    def _wait(self, event: int) -> bool:
        poll = select.poll()
        poll.register(self, event)
        return bool(poll.poll(self.pace.left() * 1000))
