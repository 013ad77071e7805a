"""What is inside a file: the texts, workbooks and pages that it holds, each to be read from its beginning."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from importer.files.conversion.inflation import Budget, Counted
from importer.files.conversion.lines import ConversionLimits
from importer.files.conversion.package import Package
from importer.files.kinds import kind_of
from importer.files.refusals import refusal
from importer.files.samples import HEAD_BYTES

COMPRESSED: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    "gzip": lambda file: cast(BinaryIO, gzip.GzipFile(fileobj=file)),
    "bzip2": lambda file: cast(BinaryIO, bz2.BZ2File(file)),
    "xz": lambda file: cast(BinaryIO, lzma.LZMAFile(file)),  # noqa: SIM115 - closes nothing
}
CONTAINERS = frozenset({*COMPRESSED, "zip", "archive"})
CONVERTED: dict[str, str] = {
    "xlsx": "an Excel workbook",
    "xls": "an old Excel workbook",
    "ods": "an OpenDocument spreadsheet",
    "gzip": "a file compressed with gzip",
    "bzip2": "a file compressed with bzip2",
    "xz": "a file compressed with xz",
    "zip": "a ZIP archive",
    "json": "JSON objects in a list",
    "json_object": "JSON objects in a list within another object",
    "json_lines": "JSON objects, one after the other",
    "html": "a table of a web page",
}
"""The kinds of file, besides some texts, that are converted; in words."""

DAMAGED = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile, zipfile.LargeZipFile)

SMALL_BYTES = 16 * 1024**2
"""A smaller packed file is unpacked once to its end before anything is made of it: a bomb is refused at once."""

MAX_TABLES = 100
"""Members of an archive that a person may choose from."""


BESIDE_TABLES = frozenset({"pdf", "no_text", "rtf"})
"""Members of an archive that are left out where it has others: terms of use, logos. They hold no rows."""


@dataclass(frozen=True)
class Source:
    """A file inside the file; `name` is its own within an archive, else empty.

    Attributes:
        kind: as `importer.files.kinds` tells it from its bytes.
        open: gives its bytes from the beginning.
        packed_bytes: of the file as it was uploaded.
        file: that file, where this is not inside another one.
    """

    name: str
    kind: str
    open: Callable[[], BinaryIO]
    packed_bytes: int
    file: BinaryIO | None = None

    @contextmanager
    def on_disk(self) -> Iterator[BinaryIO]:
        """Its bytes in a file that is seekable: the one that was uploaded, or a temporary one."""
        if self.file is not None:
            yield self.file
            return
        with tempfile.TemporaryFile() as copy, self.open() as source:
            shutil.copyfileobj(source, copy, 1024 * 1024)
            copy.seek(0)
            yield copy


@contextmanager
def only_refusals() -> Iterator[None]:
    """Turn what the libraries of archives raise at a damaged one into a refusal."""
    try:
        yield
    except DAMAGED as error:
        raise refusal("damaged") from error
    except OSError as error:
        if error.errno is not None:  # of the disk, not of the bytes
            raise
        raise refusal("damaged") from error


@contextmanager
def sources_in(file: BinaryIO, kind: str, limits: ConversionLimits) -> Iterator[list[Source]]:
    """The files inside a file, of which there is at least one.

    Args:
        file: seekable.
        kind: of the file.

    Raises:
        RefusedFileError: there is none, or one that is not read.
    """
    size = file.seek(0, os.SEEK_END)
    with ExitStack() as stack:
        if kind in COMPRESSED:
            found = [_compressed(file, kind, size, limits)]
        elif kind == "zip":
            found = _members(file, size, limits)
        else:
            found = [Source("", kind, lambda: _from_beginning(file), size, file)]
        stack.enter_context(only_refusals())
        yield found


def _from_beginning(file: BinaryIO) -> BinaryIO:
    file.seek(0)
    return io.BufferedReader(Counted(file, Budget(1, UNBOUNDED)))


UNBOUNDED = ConversionLimits(max_unpacked_bytes=1 << 62, free_bytes=1 << 62)
"""Of a file that is not packed all bytes may be read."""


def _compressed(file: BinaryIO, kind: str, size: int, limits: ConversionLimits) -> Source:
    def unpacked() -> BinaryIO:
        file.seek(0)
        return io.BufferedReader(Counted(COMPRESSED[kind](file), Budget(size, limits)))

    if size <= SMALL_BYTES:
        with only_refusals(), unpacked() as source:
            while source.read(1024 * 1024):
                pass
    return Source("", _inner_kind(unpacked), unpacked, size)


def _members(file: BinaryIO, size: int, limits: ConversionLimits) -> list[Source]:
    """The members of an archive that hold something; what systems add to archives is left out."""
    with only_refusals():
        members = Package(file, Budget(size, limits)).members
    names = [name for name, member in members.items() if member.file_size and not _is_added(name)]
    if any(name.startswith(("word/document.xml", "ppt/presentation.xml")) for name in names):
        raise refusal("office_document")
    if not names:
        raise refusal("no_table", found="an archive without a file in it")
    if len(names) > MAX_TABLES:
        raise refusal("too_many_members", most=MAX_TABLES)

    def opener(name: str) -> Callable[[], BinaryIO]:
        return lambda: Package(file, Budget(size, limits)).open(name)

    sources = [Source(name, _inner_kind(opener(name)), opener(name), size) for name in names]
    return [source for source in sources if source.kind not in BESIDE_TABLES] or sources


def _is_added(name: str) -> bool:
    base = name.rpartition("/")[2]
    return not base or base.startswith(".") or name.startswith("__MACOSX/") or base == "Thumbs.db"


def _inner_kind(unpacked: Callable[[], BinaryIO]) -> str:
    with only_refusals(), unpacked() as source:
        kind = kind_of(source.read(HEAD_BYTES))
    if kind in CONTAINERS:
        raise refusal("nested_archive")
    return kind
