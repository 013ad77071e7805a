"""A mail server for tests, which takes mails or misbehaves."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Mailbox:
    """What has arrived, and how the server behaves.

    Attributes:
        refuses: a command, such as `RCPT` or `.` (the end of a text), that is answered by 451.
        hangs_up_at: likewise, at which the connection ends without an answer.
        drips: whether the greeting never ends.
        texts: of the mails that were taken, or whose text was there when the connection ended.
    """

    def __init__(self) -> None:
        self.refuses: str | None = None
        self.hangs_up_at: str | None = None
        self.drips = False
        self.texts: list[str] = []
        self.recipients: list[str] = []
        self.url = ""

    @contextmanager
    def open(self) -> Iterator[Mailbox]:
        """Listen on a free port."""
        mailbox = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                mailbox._serve(self)

        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
            self.url = f"smtp://127.0.0.1:{server.server_address[1]}"
            try:
                yield self
            finally:
                server.shutdown()

    def _serve(self, handler: socketserver.StreamRequestHandler) -> None:
        def say(words: str) -> None:
            handler.wfile.write(f"{words}\r\n".encode())

        while self.drips:
            say("220-wait")
            time.sleep(0.05)
        say("220 ready")
        for line in handler.rfile:
            command = line[:4].decode().strip().upper()
            if command == self.hangs_up_at:
                return
            if command == self.refuses:
                say("451 not now")
            elif command == "DATA":
                say("354 go on")
                if not self._take(handler, say):
                    return
            elif command == "QUIT":
                say("221 bye")
                return
            else:
                if command == "RCPT":
                    self.recipients.append(line.decode().strip())
                say("250 yes")

    def _take(self, handler: socketserver.StreamRequestHandler, say) -> bool:
        lines = list(iter(handler.rfile.readline, b".\r\n"))
        if self.refuses == ".":
            say("451 not now")
            return True
        self.texts.append(b"".join(lines).decode())
        if self.hangs_up_at == ".":
            return False
        say("250 taken")
        return True
