"""Opens a file on disk as the text that it holds, unpacked where it is compressed."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from importer.files.kinds import TEXT, kind_of
from importer.files.refusals import refusal

HEAD_BYTES = 64 * 1024
MAX_UNPACKED_BYTES = 50 * 1024**3
"""A small file may unpack to any size; its bytes are counted as they come."""

NAMED = 5

OPENERS: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    "gzip": lambda file: cast(BinaryIO, gzip.GzipFile(fileobj=file)),
    "bzip2": lambda file: cast(BinaryIO, bz2.BZ2File(file)),
    "xz": lambda file: cast(BinaryIO, lzma.LZMAFile(file)),  # noqa: SIM115
}

DAMAGED = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile)


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, str]]:
    """The text of a file, and the kind of file it was in; anything below it that is damaged raises here.

    Raises:
        RefusedFileError: it is no text, or damaged.
        OSError: it cannot be opened.
    """
    with path.open("rb") as file:
        kind = kind_of(file.read(HEAD_BYTES))
        file.seek(0)
        try:
            with _unpacked(file, kind) as text:
                yield text, kind
        except DAMAGED as error:
            raise refusal("damaged") from error


@contextmanager
def _unpacked(file: BinaryIO, kind: str) -> Iterator[BinaryIO]:
    if kind == TEXT:
        yield file
    elif kind in OPENERS:
        with OPENERS[kind](file) as text:
            yield text
    elif kind == "zip":
        with zipfile.ZipFile(file) as archive, archive.open(_only_member(archive)) as text:
            yield cast(BinaryIO, text)
    else:
        raise refusal(kind)


def _only_member(archive: zipfile.ZipFile) -> str:
    """The only file of an archive; what systems add to each is no file."""
    names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
    if len(names) != 1:
        raise refusal("several_files", members=", ".join(names[:NAMED]) or "nothing")
    return names[0]


def counted(source: BinaryIO, chunk_bytes: int, most: int = MAX_UNPACKED_BYTES) -> Iterator[bytes]:
    """The bytes of a file, piece by piece, at most so many.

    Raises:
        RefusedFileError: there are more.
    """
    left = most
    while chunk := source.read(chunk_bytes):
        left -= len(chunk)
        if left < 0:
            raise refusal("unpacked_too_large", most=most)
        yield chunk
