"""Proxies that do to a connection what networks do: a reply that never arrives, a body that breaks off."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes a close send RST."""

SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
OF_ITS_OWN = ("transfer-encoding", "content-length", "connection", "date", "server")
"""Headers that each server sets for itself."""


class LossyProxy:
    """Passes TCP on to a server of this machine.

    After `lose_reply_to(pattern)` the next request that holds these bytes is delivered, its reply is not: the
    connection is reset instead.
    """

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._pattern: bytes | None = None
        self.lost = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()

    def __enter__(self) -> LossyProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in list(self._open):
            _close(end)

    def encrypt(self, certificate: str) -> None:
        """Speak TLS to clients from now on, with a certificate and its key in one file."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._listener = context.wrap_socket(self._listener, server_side=True, do_handshake_on_connect=False)

    def lose_reply_to(self, pattern: bytes) -> None:
        self._pattern = pattern

    @property
    def armed(self) -> bool:
        """Whether no such request has come since."""
        return self._pattern is not None

    def disarm(self) -> bool:
        """Lose nothing from now on; say whether a reply was lost."""
        was_armed, self._pattern = self.armed, None
        return not was_armed

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._upstream), timeout=5)
            except OSError:
                client.close()
                continue
            for end in (client, server):
                end.settimeout(None)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open.add(end)
            doomed = threading.Event()
            threading.Thread(target=self._requests, args=(client, server, doomed), daemon=True).start()
            threading.Thread(target=self._replies, args=(client, server, doomed), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket, doomed: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if self._pattern is not None and self._pattern in data:
                    self._pattern = None
                    self.lost += 1
                    doomed.set()
                server.sendall(data)
        self._end(client, server)

    def _replies(self, client: socket.socket, server: socket.socket, doomed: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if doomed.is_set():
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    break
                client.sendall(data)
        self._end(client, server)

    def _end(self, *ends: socket.socket) -> None:
        for end in ends:
            self._open.discard(end)
            _close(end)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


class S3Proxy:
    """Passes HTTP on to an S3 of this machine, and spoils the answers to GET as `fault` says.

    Faults: `unavailable` (503 to everything), `reset` and `truncated` (half the body, then RST or the end), `slow`
    (a pause in the middle of each body), None.
    """

    PAUSE = 6.0
    """Seconds in the middle of a slow body: longer than a dispatcher's lease."""

    def __init__(self, port: int) -> None:
        self.upstream = port
        self.fault: str | None = None
        self.spoilt = 0
        self._server = _S3Server(self)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> S3Proxy:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _S3Handler(BaseHTTPRequestHandler):
    """One connection to the proxy."""

    protocol_version = "HTTP/1.1"
    server: _S3Server

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        """Nothing."""

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, ValueError):
            super().handle()

    def pass_on(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = proxy.fault
        if fault == "unavailable":
            proxy.spoilt += 1
            self._begin(503, {"Content-Length": str(len(SLOW_DOWN))})
            self.wfile.write(b"" if self.command == "HEAD" else SLOW_DOWN)
            return
        answer, content = self._ask_upstream(proxy.upstream, body)
        self._begin(answer.status, self._headers(answer, content))
        if self.command == "GET" and fault and answer.status in (200, 206):
            proxy.spoilt += 1
            self._spoil(content, fault)
        else:
            self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = pass_on  # noqa: N815 - the base class's names

    def _ask_upstream(self, port: int, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as upstream:
            upstream.request(self.command, self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            return answer, answer.read()

    def _headers(self, answer: http.client.HTTPResponse, content: bytes) -> dict[str, str]:
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        passed = {name: value for name, value in answer.getheaders() if name.lower() not in OF_ITS_OWN}
        return {**passed, "Content-Length": length or "0"}

    def _begin(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _spoil(self, content: bytes, fault: str) -> None:
        half = len(content) // 2
        self.wfile.write(content[:half])
        self.wfile.flush()
        if fault == "slow":
            time.sleep(S3Proxy.PAUSE)
            self.wfile.write(content[half:])
            return
        self.close_connection = True
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.connection.close()


class _S3Server(ThreadingHTTPServer):
    """What listens for the proxy."""

    daemon_threads = True

    def __init__(self, proxy: S3Proxy) -> None:
        super().__init__(("127.0.0.1", 0), _S3Handler)
        self.proxy = proxy
