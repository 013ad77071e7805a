"""Lines of a text that were read before it was known that they are records of their own."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from importer.files.line_formats import LineFormat


class Source(Protocol):
    """Where lines come from: a buffered file, for one."""

    def readline(self, size: int, /) -> bytes:
        """The next line with its end, or so many bytes of it; nothing at the end."""


class LinesAhead:
    """Lines handed back because the quote that opened before them did not close as it should.

    A line begins either inside a quoted cell or outside one, and nothing else about what stands before it matters.
    So a quote that is open before any of these lines ends as the first one did. That end is remembered: otherwise
    a file full of open quotes would be parsed over and over.
    """

    def __init__(self, source: Source, line_format: LineFormat, max_record_bytes: int) -> None:
        self._source = source
        self._format = line_format
        self._max_record_bytes = max_record_bytes
        self._size = 0
        self._never_closes = False
        self.lines: deque[bytes] = deque()

    def hand_back(self, lines: Sequence[bytes]) -> None:
        """Keep lines; a quote that is open before them is still open where the last of them begins."""
        self.lines.extend(lines)
        self._size = sum(map(len, self.lines))
        self._never_closes = False

    def take(self) -> bytes:
        line = self.lines.popleft()
        self._size -= len(line)
        return line

    def closes_quote(self, size_before: int) -> bool:
        """Whether a quote that is open before these lines closes in the last of them; reads on to find out.

        Args:
            size_before: bytes of the record before these lines.
        """
        while not self._never_closes and size_before + self._size <= self._max_record_bytes:
            try:
                if self.lines and not self._format.goes_on_quoted(self.lines[-1]):
                    return True
            except csv.Error:
                self._never_closes = True
                break
            line = self._source.readline(self._max_record_bytes + 1)
            if not line:
                self._never_closes = True
                break
            self.lines.append(line)
            self._size += len(line)
        return False
