"""Texts that cannot be read by byte offset: in UTF-16 or UTF-32, with carriage returns for line ends, or packed.

They become UTF-8 with line feeds as they are read, so that the same reader makes records of them as of any other
text (`importer.files.csv_reader`).
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

from importer.files.conversion.lines import ConversionLimits, Findings, Line
from importer.files.csv_reader import Position, Record, RecordReader
from importer.files.delimiters import SAYS_DELIMITER
from importer.files.line_formats import LineFormat
from importer.files.problems import CUT
from importer.files.profile import Profile

CHUNK_BYTES = 64 * 1024
RETURNS = re.compile(r"\r{1,3}\n|\r")
"""A line end with carriage returns. All become the same one, so that those inside cells can still be told."""

RETURN = "\r\n"
WIDE = ("utf-16", "utf-32")
"""Encodings in which the byte of a line feed may be part of another letter."""

DIVIDED_AT_RETURNS = ("cr", "mixed")
CUT_OFF = b"\xff"
"""What stands for bytes at the end that are no whole character: it is no UTF-8, so its row fails."""

STRUCTURAL = (
    "too_few_cells",
    "record_too_long",
    "text_after_quote",
    "unclosed_quote",
    "quote_swallows_rows",
    "stray_carriage_return",
)
"""The problems that cannot be found again in the cells."""

LAST_LINE = re.compile(r"only in line ([\d,]+)")


def text_lines_of(
    source: BinaryIO, profile: Profile, limits: ConversionLimits, findings: Findings
) -> Iterator[Line]:
    """The records of a text, each with the physical line where it begins.

    Args:
        source: stands at its beginning.
        findings: carriage returns inside cells are counted here where they end lines, too.
    """
    divides = profile.line_end in DIVIDED_AT_RETURNS
    text = io.BufferedReader(Transcoded(chunks_of(source), profile), 256 * 1024)
    reader = RecordReader(
        text,
        Position(offset=1),  # not 0: the byte order mark is gone already
        width=profile.width or None,
        max_record_bytes=limits.max_record_bytes,
        max_cell_chars=limits.max_cell_chars,
        line_format=LineFormat("utf-8", profile.dialect),
        is_fitted=False,  # whoever reads the lines counts the cells that are missing
    )
    for record in reader:
        if record.line_number == 1 and SAYS_DELIMITER(record.cells[0]):
            continue  # it is an order to spreadsheets, and no record
        cells = _with_line_feeds(record, findings) if divides else record.cells
        problem = record.problem
        if problem is None or (problem.code not in STRUCTURAL and not problem.message.endswith(CUT)):
            yield Line(record.line_number, cells)
        else:
            last = LAST_LINE.search(problem.message)
            yield Line(record.line_number, cells, problem.code, int(last[1].replace(",", "")) if last else 0)


def _with_line_feeds(record: Record, findings: Findings) -> list[str]:
    """The cells, whose line breaks are line feeds in a text that carriage returns divide."""
    count = sum(cell.count(RETURN) for cell in record.cells)
    if not count:
        return record.cells
    findings.add("carriage_returns", f"line {record.line_number:,}", count)
    return [cell.replace(RETURN, "\n") for cell in record.cells]


def chunks_of(source: BinaryIO) -> Iterator[bytes]:
    """The bytes of a file, piece by piece."""
    while chunk := source.read(CHUNK_BYTES):
        yield chunk


class Transcoded(io.RawIOBase):
    """The bytes of a text as UTF-8, with a line feed at each line end.

    What the encoding does not have becomes no UTF-8 either.
    """

    def __init__(self, chunks: Iterable[bytes], profile: Profile) -> None:
        self._pieces = self._encoded(chunks, profile)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        taken = self._rest[: len(buffer)]
        self._rest = self._rest[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)

    def _encoded(self, chunks: Iterable[bytes], profile: Profile) -> Iterator[bytes]:
        is_wide = profile.encoding.startswith(WIDE)
        errors = "surrogatepass" if is_wide else "surrogateescape"
        divides = profile.line_end in DIVIDED_AT_RETURNS
        held = ""
        for piece in _decoded(chunks, profile, errors):
            if isinstance(piece, bytes):
                yield (RETURNS.sub(RETURN, held) if divides else held).encode("utf-8", errors) + piece
                return
            text = held + piece
            cut = len(text.rstrip("\r")) if divides else len(text)
            held = text[cut:]
            yield (RETURNS.sub(RETURN, text[:cut]) if divides else text).encode("utf-8", errors)
        yield RETURNS.sub(RETURN, held).encode("utf-8", errors)


def _decoded(chunks: Iterable[bytes], profile: Profile, errors: str) -> Iterator[str | bytes]:
    """The text piece by piece; last, where it is cut off within a character, `CUT_OFF`."""
    decoder = codecs.getincrementaldecoder(profile.encoding)(errors)
    skipped = profile.mark
    for chunk in chain(chunks, [None]):
        try:
            if chunk is None:
                yield decoder.decode(b"", True)
                return
            piece = chunk[skipped:]
            skipped -= len(chunk) - len(piece)
            yield decoder.decode(piece)
        except UnicodeDecodeError:
            yield CUT_OFF
            return
