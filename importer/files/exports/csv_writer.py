"""Rows as CSV for people and their spreadsheets: RFC 4180, UTF-8 with a byte order mark, which Excel asks for."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from importer.files.text_lines import BYTE_ORDER_MARK

PIECE_CHARS = 64 * 1024


def csv_of(names: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The bytes of the file, piece by piece, the first line before any row is asked for.

    Args:
        names: the first line; empty: there is none.
        rows: their cells, already safe for spreadsheets.
    """
    text = io.StringIO(BYTE_ORDER_MARK, newline="")
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    if names:
        writer.writerow(names)
    yield _taken(text)
    for row in rows:
        writer.writerow(row)
        if text.tell() >= PIECE_CHARS:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    """What was written since the last time."""
    piece = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return piece
