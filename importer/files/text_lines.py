"""The lines of a text: decoded as they come, and divided where its line ends are."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

ANY_END = re.compile(r"\r{0,3}\n|\r")
"""CR CR LF is one end: it comes of a program that translated line ends twice."""

LINE_FEED = re.compile(r"\n")
BYTE_ORDER_MARK = "\ufeff"
END_OF_FILE = "\x1a\0"
"""What DOS programs and broken copies leave behind the last line."""

CHUNK_BYTES = 64 * 1024

LONGEST_LINE = 16 * 1024 * 1024
"""Characters; a longer line is divided, so that no file fills the memory."""


def line_end_of(text: str) -> str:
    """Which line ends a text has; `cr` only where there is no other."""
    feeds, pairs, returns = text.count("\n"), text.count("\r\n"), text.count("\r")
    if not feeds:
        return "cr" if returns else "lf"
    lone = len(re.findall(r"\r(?![\r\n])", text))
    if lone and lone > feeds:
        return "mixed"
    return "crlf" if pairs == feeds else "lf"


def pieces_of_text(chunks: Iterable[bytes], encoding: str, mark: int) -> Iterator[str]:
    """The text of these bytes. Bytes that the encoding does not have become lone surrogates (PEP 383)."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape" if _escapes(encoding) else "replace")
    skipped = mark
    for chunk in chunks:
        piece = chunk[skipped:]
        skipped -= len(chunk) - len(piece)
        yield decoder.decode(piece)
    yield decoder.decode(b"", True)


def _escapes(encoding: str) -> bool:
    return not encoding.startswith(("utf-16", "utf-32"))


def lines_of(pieces: Iterable[str], line_end: str) -> Iterator[str]:
    """The lines with their ends; what marks the end of a file is no line."""
    pattern = ANY_END if line_end in ("cr", "mixed") else LINE_FEED
    rest: list[str] = []
    for piece in _with_whole_ends(pieces) if pattern is ANY_END else pieces:
        begin = 0
        for found in pattern.finditer(piece):
            yield "".join([*rest, piece[begin : found.end()]])
            rest, begin = [], found.end()
        rest.append(piece[begin:])
        if sum(map(len, rest)) > LONGEST_LINE:
            yield "".join(rest)
            rest = []
    last = "".join(rest)
    if last.rstrip(END_OF_FILE):
        yield last


def _with_whole_ends(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces, cut so that none ends within a line end."""
    held = ""
    for piece in pieces:
        text = held + piece
        cut = len(text.rstrip("\r"))
        held = text[cut:]
        yield text[:cut]
    yield held
