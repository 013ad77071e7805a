"""The texts of a workbook that its cells refer to by number, kept on disk: there may be millions."""

from __future__ import annotations

import os
import tempfile
from array import array
from types import TracebackType

from importer.files.refusals import refusal

MOST = 20_000_000
"""Texts of one workbook; each takes eight bytes of memory."""

CACHED = 20_000
"""So many texts that were asked for are kept in memory."""

BUFFER_BYTES = 256 * 1024


class SharedStrings:
    """A list of texts in a temporary file, which is gone with the object."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._ends = array("Q", [0])
        self._filling = bytearray()
        self._cache: dict[str, str] = {}

    def __enter__(self) -> SharedStrings:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def append(self, text: str) -> None:
        """Add a text; refuse a workbook with more than `MOST`."""
        data = text.encode("utf-8", "surrogatepass")
        self._ends.append(self._ends[-1] + len(data))
        self._filling += data
        if len(self._filling) >= BUFFER_BYTES:
            self.flush()
        if len(self._ends) > MOST:
            raise refusal("too_many_texts", most=MOST)

    def flush(self) -> None:
        """Write what is held; to be called before the first look-up."""
        self._file.write(self._filling)
        self._file.flush()
        self._filling.clear()

    def look_up(self, number: str) -> str:
        """The text of a number as the sheet writes it; refuse a number that there is not."""
        text = self._cache.get(number)
        if text is None:
            if len(self._cache) >= CACHED:
                self._cache.clear()
            text = self._cache[number] = self._read(number)
        return text

    def _read(self, number: str) -> str:
        place = int(number) if number.isascii() and number.isdigit() else -1
        if not 0 <= place < len(self._ends) - 1:
            raise refusal("damaged_workbook", part="a cell refers to a text that is not there")
        begin, end = self._ends[place], self._ends[place + 1]
        return os.pread(self._file.fileno(), end - begin, begin).decode("utf-8", "surrogatepass")
