"""A few pieces of a file, by which it is described: its beginning, and a little of its middle and its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

HEAD_BYTES = 256 * 1024
PIECE_BYTES = 32 * 1024
PIECES = 4


class Sample(NamedTuple):
    """Pieces of a file.

    Attributes:
        head: its beginning.
        size: of the whole file, in bytes.
        pieces: further on, in the order of the file, the last one at its end; whole lines, where it has lines.
    """

    head: bytes
    size: int
    pieces: tuple[bytes, ...] = ()

    @property
    def is_whole(self) -> bool:
        return len(self.head) == self.size


def take(read: Callable[[int, int], bytes], size: int) -> Sample:
    """Take a sample.

    Args:
        read: gives so many bytes from an offset on: `read(offset, count)`.
    """
    head = read(0, HEAD_BYTES)
    if size <= len(head):
        return Sample(head, len(head))
    places = [HEAD_BYTES + (size - PIECE_BYTES - HEAD_BYTES) * number // (PIECES - 1) for number in range(PIECES)]
    pieces = [from_line_end(read(max(place, HEAD_BYTES), PIECE_BYTES)) for place in places]
    return Sample(head, size, tuple(filter(None, pieces)))


def from_line_end(piece: bytes) -> bytes:
    """Without the line that began before the piece; its first character may be cut."""
    ends = [place for place in (piece.find(b"\n"), piece.find(b"\r")) if place >= 0]
    return piece[min(ends) + 1 :] if ends else piece
