"""The lines of a text: decoded as they come, and divided where its line ends are."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

LINE_ENDS = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}
ENDED = re.compile(r"[^\r\n]*(?:\r*\n|\r(?!\n))")
"""A line with its end. CR CR LF is one end: it comes of a program that translated line ends twice."""

ENDED_BY_LF = re.compile(r"[^\n]*\n")
END_OF_FILE = "\x1a\0"
"""What DOS programs and broken copies leave behind the last line."""

CHUNK_BYTES = 64 * 1024


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
    """The lines with their ends; the last one without what marks the end of a file."""
    pattern = ENDED if line_end in ("cr", "mixed") else ENDED_BY_LF
    rest = ""
    for piece in pieces:
        rest += piece
        held = ""
        if pattern is ENDED and rest.endswith("\r"):  # a line feed may follow
            stripped = rest.rstrip("\r")
            rest, held = stripped, rest[len(stripped) :]
        end = 0
        for found in pattern.finditer(rest):
            yield found[0]
            end = found.end()
        rest = rest[end:] + held
    for line in ENDED.findall(rest) if pattern is ENDED else ():
        rest = rest[len(line) :]
        yield line
    last = rest.rstrip(END_OF_FILE)
    if last:
        yield last
