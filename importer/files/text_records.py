"""Reads the records of any text as an upload would be read: what cannot be read in place is decoded first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from importer.files.csv_reader import Position, Record, RecordReader
from importer.files.dialects import Dialect
from importer.files.line_formats import UTF_8, LineFormat
from importer.files.profile import Profile
from importer.files.tables import Located
from importer.files.text_lines import lines_of, pieces_of_text

MAX_RECORD_BYTES = 1024 * 1024
MAX_CELL_CHARS = MAX_RECORD_BYTES

RETURN = re.compile(r"\r(?![\r\n])")
LINES_COMPARED = 50


class TextSource:
    """Lines of text as bytes of UTF-8; bytes that their encoding did not have stand as they were."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._rest = b""

    def readline(self, size: int, /) -> bytes:
        """The next line, or so many bytes of it; nothing at the end."""
        line = self._rest or next(self._lines, "").encode(UTF_8, "surrogateescape")
        self._rest = line[size:]
        return line[:size]


def records_of_lines(
    lines: Iterable[str], dialect: Dialect, *, width: int | None = None, header: Iterable[str] = ()
) -> Iterator[Record]:
    """The records of these lines, given with their ends, with as many cells as are written.

    Args:
        width: cells that a row should have; None: any number.
        header: its cells; where they come again they are no row.
    """
    reader = RecordReader(
        TextSource(lines),
        Position(),
        width=width,
        max_record_bytes=MAX_RECORD_BYTES,
        max_cell_chars=MAX_CELL_CHARS,
        line_format=LineFormat(UTF_8, dialect, tuple(header)),
        is_fitted=False,
    )
    return iter(reader)


def end_at_returns(lines: Iterable[str], dialect: Dialect, width: int) -> bool:
    """Whether records end also at lone carriage returns: wherever one stands in these lines, what is before it and
    what is behind it are sound records by themselves.

    Args:
        width: cells of most records.
    """
    divided = [RETURN.split(line) for line in lines if RETURN.search(line)][:LINES_COMPARED]
    pieces = [piece for line in divided for piece in line if piece.strip()]
    records = list(records_of_lines((f"{piece}\n" for piece in pieces), dialect, width=width))
    is_sound = all(record.problem is None and len(record.cells) == width for record in records)
    return width > 1 and bool(pieces) and len(records) == len(pieces) and is_sound


def last_records(piece: bytes, profile: Profile) -> list[Located]:
    """The records at the end of a file, by the last piece of its sample; lines are numbered within the piece."""
    lines = lines_of(pieces_of_text([piece], profile.encoding, 0), profile.line_end)
    records = records_of_lines(lines, profile.dialect, width=profile.width or None)
    return [Located(record.line_number, record.cells) for record in records]


def records_of_text(chunks: Iterable[bytes], profile: Profile, header: Iterable[str] = ()) -> Iterator[Record]:
    """The rows of a text, given as its bytes from their beginning."""
    lines = lines_of(pieces_of_text(chunks, profile.encoding, profile.mark), profile.line_end)
    for record in records_of_lines(lines, profile.dialect, width=profile.width or None, header=header):
        if profile.rows_line is not None and record.line_number >= profile.rows_line:
            yield record
