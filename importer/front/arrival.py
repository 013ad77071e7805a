"""A request on its way, read ahead of gunicorn until a thread need not wait for the rest.

It is only measured here: gunicorn parses it, and refuses what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Generator

from gunicorn.http.errors import LimitRequestHeaders

MAX_HEADER_BYTES = 64 * 1024
MAX_FORM_BYTES = 1024 * 1024
"""The largest body of a request; only an upload may be larger, as it is streamed."""

UPLOAD_AHEAD_BYTES = 64 * 1024
"""So much of an upload must be there before it takes a place: one that only drips never does."""

UPLOAD = re.compile(rb"(?:\r\n)?POST (?:https?://[^/ ]*)?/(?:api/)?imports(?:/[a-z0-9]{12}/corrected-rows)?[? ]")
DOWNLOAD = re.compile(
    rb"(?:\r\n)?GET (?:https?://[^/ ]*)?/(?:api/)?imports/[a-z0-9]{12}"
    rb"/(?:failed-rows|result|undone-rows)\.(?:csv|xlsx)[? ]"
)
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
EXPECTS_CONTINUE = re.compile(rb"\r\nexpect:[ \t]*100-continue", re.IGNORECASE)
CHUNK_SIZE = re.compile(rb"[0-9a-f]{1,15}", re.IGNORECASE)

END_OF_LINE, END_OF_HEADER = b"\r\n", b"\r\n\r\n"


class Arrival:
    """One request as far as it has come, and maybe the beginning of the next one.

    Attributes:
        data: every byte that was added.
        body_begins: where in `data`; 0 while the header is not whole.
        is_upload: whether it takes a place for uploads, known with its header.
        is_download: whether its answer is a large file, made as the client takes it; it takes such a place, too.
        is_whole: whether nothing of it is missing.
    """

    def __init__(self) -> None:
        self.data = bytearray()
        self.body_begins = 0
        self.is_upload = self.is_download = False
        self.expects_continue = False
        self.is_whole = False
        self._reading = self._read()

    def add(self, data: bytes) -> bool:
        """Take more bytes.

        Returns:
            Whether a thread may have the request: it is whole, or as much of it is here as may be.

        Raises:
            LimitRequestHeaders: its header is too long.
        """
        self.data += data
        self.is_whole = self.is_whole or next(self._reading, True)
        if self.body_begins:
            ahead = UPLOAD_AHEAD_BYTES if self.is_upload else MAX_FORM_BYTES
            return self.is_whole or len(self.data) - self.body_begins >= ahead
        if len(self.data) > MAX_HEADER_BYTES:
            raise LimitRequestHeaders(f"longer than {MAX_HEADER_BYTES} bytes")
        return False

    def _read(self) -> Generator[bool]:
        """Ends when the request is whole; yields False where it needs more bytes."""
        self.body_begins = yield from self._after(END_OF_HEADER, 0)
        header = bytes(self.data[: self.body_begins])
        self.is_upload = UPLOAD.match(header) is not None
        self.is_download = DOWNLOAD.match(header) is not None
        self.expects_continue = EXPECTS_CONTINUE.search(header) is not None
        if CHUNKED.search(header):
            yield from self._read_chunks(self.body_begins)
        elif length := LENGTH.search(header):
            while len(self.data) < self.body_begins + int(length[1]):
                yield False

    def _read_chunks(self, start: int) -> Generator[bool]:
        """https://www.rfc-editor.org/rfc/rfc9112#section-7.1"""
        while True:
            end = yield from self._after(END_OF_LINE, start)
            size = CHUNK_SIZE.match(self.data, start)
            if size is None:
                return
            if int(size[0], 16) == 0:
                yield from self._after(END_OF_HEADER, end - len(END_OF_LINE))
                return
            start = end + int(size[0], 16) + len(END_OF_LINE)

    def _after(self, ending: bytes, start: int) -> Generator[bool, None, int]:
        """The place after the next `ending`."""
        while (found := self.data.find(ending, start)) < 0:
            start = max(start, len(self.data) - len(ending) + 1)
            yield False
        return found + len(ending)
