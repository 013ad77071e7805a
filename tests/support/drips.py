"""Clients that hold connections and say nothing, or next to nothing: `with Drips(port, SILENT, 500): ...`."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType

CONNECT_SECONDS = 5.0
FORM = b"Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 900\r\n\r\nemail="
FILE = (
    b"Host: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n"
    b'--b\r\nContent-Disposition: form-data; name="record_type"\r\n\r\ncontacts\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nemail,name\n'
)


@dataclass(frozen=True)
class Kind:
    """What such a client does.

    Attributes:
        opening: sent at once.
        piece: sent now and then.
        fresh: connections that are opened besides, now and then.
        reads: whether it takes what is answered.
    """

    name: str
    opening: bytes = b""
    piece: bytes = b""
    fresh: int = 0
    reads: bool = True

    def with_token(self, token: str) -> Kind:
        """The same from somebody with an account."""
        opening = self.opening.replace(b"Host: x", f"Host: x\r\nAuthorization: Bearer {token}".encode())
        return replace(self, name=f"{self.name}, with an account", opening=opening)


SILENT = Kind("silent")
EVER_MORE = Kind("ever more silent ones", fresh=4)
HEADER = Kind("header dripped", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Drip: ", b"x")
FORM_BODY = Kind("body of a login dripped", b"POST /login HTTP/1.1\r\n" + FORM, b"x")
API_BODY = Kind(
    "body of an API request dripped", b"POST /api/imports/aaaaaaaaaaaa/retry HTTP/1.1\r\n" + FORM, b"x"
)
UPLOAD_BODY = Kind("body of an upload dripped", b"POST /api/imports HTTP/1.1\r\n" + FILE, b"x")
CHUNKED_BODY = Kind(
    "chunks dripped", b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"
)
KEPT_OPEN = Kind("answered and kept open", b"GET /healthz HTTP/1.0\r\n\r\n")
DEAF = Kind("answers not taken", b"GET /static/style.css HTTP/1.1\r\nHost: x\r\n\r\n" * 500, reads=False)
KINDS = (SILENT, EVER_MORE, HEADER, FORM_BODY, API_BODY, UPLOAD_BODY, CHUNKED_BODY, KEPT_OPEN, DEAF)


class Drips:
    """So many such clients while the block runs; a connection that is ended is made anew.

    Args:
        port: of 127.0.0.1.
        every: seconds between two pieces.

    Attributes:
        ended: connections that the other side has ended.
    """

    def __init__(self, port: int, kind: Kind, clients: int, *, every: float = 1.0) -> None:
        self._port = port
        self._kind = kind
        self._clients = clients
        self._every = every
        self._open: list[socket.socket] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=kind.name)
        self.ended = 0

    def __enter__(self) -> Drips:
        self._add(self._clients)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        for client in self._open:
            client.close()

    def _run(self) -> None:
        while not self._over.wait(self._every):
            ended = [client for client in self._open if not self._drip(client)]
            for client in ended:
                self._open.remove(client)
                client.close()
            self.ended += len(ended)
            self._add(len(ended) + self._kind.fresh)

    def _add(self, count: int) -> None:
        for _ in range(count):
            with contextlib.suppress(OSError):  # refused, or not accepted: that is no connection
                self._open.append(self._connect())

    def _connect(self) -> socket.socket:
        client = socket.socket()
        client.settimeout(CONNECT_SECONDS)
        if not self._kind.reads:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", self._port))
        client.setblocking(False)
        _try(lambda: client.send(self._kind.opening))
        return client

    def _drip(self, client: socket.socket) -> bool:
        """Send a piece; say whether the connection still stands."""
        stands = _try(lambda: client.send(self._kind.piece))
        return stands and (not self._kind.reads or _try(lambda: client.recv(65536) != b""))


def _try(use: Callable[[], object]) -> bool:
    """Whether it can be used, now or later."""
    try:
        return use() is not False
    except BlockingIOError:
        return True
    except OSError:
        return False
