"""Gunicorn's threaded worker, with threads that do not wait for clients.

Gunicorn lets a thread wait for the request: a few connections that say nothing, or little, hold them all. Here
the worker's loop, which waits for any number of connections at once, reads the request ahead, sends what a client
leaves of the answer, and closes. Uploads alone are read by threads, and downloads of whole files written: these
have as many threads as all others.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any

from gunicorn import util
from gunicorn.http.errors import LimitRequestHeaders
from gunicorn.workers.gthread import ThreadWorker

from importer.errors import BusyError
from importer.front import pace
from importer.front.arrival import Arrival
from importer.front.client import Client, NoMoreError
from importer.front.complaints import Complaints
from importer.front.pace import Pace
from importer.front.parking import Connection, Parking
from importer.time_limits import LINGER_SECONDS, PLACE_SECONDS

LOOK_SECONDS = 0.5
"""Between two looks for connections that are late."""

AHEAD_BYTES = 64 * 1024 * 1024
"""So much of all requests together is read ahead."""

NO_TLS = "This worker reads plain HTTP: let a reverse proxy end TLS, and leave out --certfile and --keyfile."
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
MANY_DOWNLOADS = "As many files are sent and fetched as this server takes at once. Wait a moment, then try again."
TOO_SLOW = "Your request came too slowly. Send it again."


class FrontWorker(ThreadWorker):  # type: ignore[misc]
    """What happens to connections, from one method to the next.

    A parked connection needs no thread: its request arrives, it waits for a place, its answer leaves, or it only
    lingers. Where connections or memory run out, the one that is parked longest is ended: a client in earnest is
    quicker. So nothing is counted by address, which behind a reverse proxy would be the proxy's.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._line: dict[Connection, None] = {}  # uploads and downloads that wait for a place, in order
        self._places = self.cfg.threads
        self._ahead = 0
        self._looked_at = 0.0
        self._complaints = Complaints(self.log)

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        if cfg.is_ssl:
            sys.exit(NO_TLS)

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """One for requests, and another one, as large, for uploads."""
        self._upload_threads = ThreadPoolExecutor(max_workers=self.cfg.threads)
        return ThreadPoolExecutor(max_workers=self.cfg.threads)

    def run(self) -> None:
        self._parking = Parking(self.poller)
        super().run()

    # A request arrives

    def accept(self, listener: Any) -> None:
        try:
            accepted, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # another process was quicker, or the client has gone
            return
        self.nr_conns += 1
        self.enqueue_req(Connection(self.cfg, Client(accepted, address), address, listener.getsockname()))
        self._make_room()

    def enqueue_req(self, conn: Connection) -> None:
        """Expect a request, of which the beginning may have come with the one before."""
        conn.arrival = Arrival()
        conn.sock.pace = pace.of_header()
        if conn.parser is not None and (begun := conn.parser.unreader.take_buffered()):
            self._take(conn, begun)
        else:
            self._receive(conn)

    def _receive(self, conn: Connection) -> None:
        data = conn.sock.receive()
        if data is None:
            self._parking.park(conn, self._end_late, EVENT_READ, self._receive)
        elif data:
            self._take(conn, data)
        else:
            self._close(conn)

    def _take(self, conn: Connection, data: bytes) -> None:
        had_header = bool(conn.arrival.body_begins)
        self._ahead += len(data)
        try:
            is_ready = conn.arrival.add(data)
        except LimitRequestHeaders as error:
            self.handle_error(None, conn.sock, conn.client, error)
            self._linger(conn)
            return
        conn.sock.pace.moved(len(data))
        if is_ready:
            self._give_place(conn)
            return
        if conn.arrival.body_begins and not had_header:
            self._expect_body(conn)
        self._parking.park(conn, self._end_late, EVENT_READ, self._receive)
        self._make_room()

    def _expect_body(self, conn: Connection) -> None:
        conn.sock.pace = pace.of_body()
        if conn.arrival.expects_continue:
            with contextlib.suppress(OSError):  # a client that has gone is found when it is read
                conn.sock.sendall(CONTINUE)

    # A thread takes it

    def _give_place(self, conn: Connection) -> None:
        """Let an upload wait until another one has ended; anything else goes on at once."""
        if not conn.arrival.is_upload and not conn.arrival.is_download:
            self._begin(conn, NoMoreError())
        elif self._places:
            self._places -= 1
            conn.has_place = True
            self._begin(conn, NoMoreError() if conn.arrival.is_whole else None)
        else:
            self._parking.leave(conn)
            conn.sock.pace = Pace(PLACE_SECONDS)
            self._line[conn] = None
            self._parking.park(conn, self._refuse)

    def _refuse(self, conn: Connection) -> None:
        """Let the application say so, in its own words, once it asks for the body; of a download it never does."""
        if conn.arrival.is_download:
            self._leave(conn)
            self._complain(conn, "no place for a download")
            with contextlib.suppress(OSError):
                util.write_error(conn.sock, 503, "Service Unavailable", MANY_DOWNLOADS)
            self._linger(conn)
            return
        ahead = conn.arrival.data
        self._ahead -= len(ahead) - conn.arrival.body_begins
        del ahead[conn.arrival.body_begins :]
        self._begin(conn, BusyError())

    def _begin(self, conn: Connection, refusal: Exception | None) -> None:
        self._leave(conn)
        conn.init()
        conn.parser.unreader.unread(bytes(conn.arrival.data))
        conn.data_ready = True
        self._forget(conn)
        conn.sock.expect_body(refusal)
        threads = self._upload_threads if conn.has_place else self.tpool
        threads.submit(self.handle, conn).add_done_callback(
            lambda done: self.method_queue.defer(self.finish_request, conn, done)
        )

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:
        conn.sock.refusal = NoMoreError()  # a body that nobody wanted is not waited for
        return bool(super()._keepalive_after(conn, keepalive))

    # Its answer leaves

    def finish_request(self, conn: Connection, fs: Future[bool]) -> None:
        if conn.has_place:
            conn.has_place = False
            self._places += 1
            if self._line:
                self._give_place(next(iter(self._line)))
        self._send(fs, conn)

    def _send(self, fs: Future[bool], conn: Connection) -> None:
        try:
            conn.sock.send_unsent()
        except OSError:
            self._close(conn)
            return
        if conn.sock.unsent:
            self._parking.park(conn, self._end_slow_reader, EVENT_WRITE, partial(self._send, fs))
            return
        self._parking.leave(conn)
        if not fs.cancelled() and not fs.exception() and fs.result():
            super().finish_request(conn, fs)
        else:
            self._linger(conn)

    def _linger(self, conn: Connection) -> None:
        """Close in two steps: a client that is still sending would lose the answer.

        https://www.rfc-editor.org/rfc/rfc9112#section-9.6
        """
        self._parking.leave(conn)
        self._forget(conn)
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
            return
        conn.sock.pace = Pace(LINGER_SECONDS)
        self._parking.park(conn, self._close, EVENT_READ, self._discard)

    def _discard(self, conn: Connection) -> None:
        if conn.sock.receive() == b"":
            self._close(conn)

    # A connection is ended

    def _make_room(self) -> None:
        while self.nr_conns >= self.worker_connections or self._ahead > AHEAD_BYTES:
            longest = self._parking.first()
            if longest is None:
                return
            self._complain(longest, "parked longest while too many came")
            self._close(longest)

    def murder_pending(self) -> None:
        """End those that are late; gunicorn calls this in each turn of its loop."""
        if time.monotonic() - self._looked_at >= LOOK_SECONDS:
            self._looked_at = time.monotonic()
            self._parking.end_late()
            self._complaints.tell()

    def _cap_keepalive(self, deadline: float) -> None:
        """On SIGTERM: connections that have sent nothing go at once."""
        super()._cap_keepalive(deadline)
        for conn in self._parking:
            if conn.on_late == self._end_late and not conn.arrival.data:
                self._close(conn)

    def _end_late(self, conn: Connection) -> None:
        """A browser may connect ahead of its request, so one that has said nothing is closed without a word."""
        if not conn.arrival.data:
            self._close(conn)
            return
        self._complain(conn, "body too slow" if conn.arrival.body_begins else "header too late")
        with contextlib.suppress(OSError):
            util.write_error(conn.sock, 408, "Request Timeout", TOO_SLOW)
        self._linger(conn)

    def _end_slow_reader(self, conn: Connection) -> None:
        self._complain(conn, "answer taken too slowly")
        self._close(conn)

    def _complain(self, conn: Connection, reason: str) -> None:
        self._complaints.add(reason, conn.client)

    def _leave(self, conn: Connection) -> None:
        self._parking.leave(conn)
        self._line.pop(conn, None)

    def _forget(self, conn: Connection) -> None:
        """Keep no bytes that a thread has by now, or that nobody needs."""
        self._ahead -= len(conn.arrival.data)
        conn.arrival = Arrival()

    def _close(self, conn: Connection) -> None:
        self._leave(conn)
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()
