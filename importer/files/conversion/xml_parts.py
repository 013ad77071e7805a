"""Reading XML as a stream, in memory that does not depend on its size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO
from xml.parsers import expat

from importer.errors import RefusedFileError
from importer.files.refusals import refusal

CHUNK_BYTES = 64 * 1024

MAX_TOKEN_BYTES = 8 * 1024 * 1024
"""Of one tag or comment, which expat holds in memory whole."""

Attributes = dict[str, str]


class LocalNames(dict[str, str]):
    """Names of elements without their prefix; programs choose that as they like."""

    def __missing__(self, name: str) -> str:
        local = self[name] = name.rpartition(":")[2]
        return local


def parsed(
    source: BinaryIO,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], object] | None = None,
    text: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Hand elements and texts to these functions; yield after each piece of the source.

    A document type, which could make a text of gigabytes out of a few bytes, is refused; no workbook has one.

    Raises:
        RefusedFileError: it is no sound XML.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse_document_type
    fed = 0
    try:
        while chunk := source.read(CHUNK_BYTES):
            parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > MAX_TOKEN_BYTES:
                raise damaged(f"a tag is longer than {MAX_TOKEN_BYTES:,} bytes")
            yield
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise damaged(f"its XML cannot be read ({error})") from error
    yield


def damaged(part: str) -> RefusedFileError:
    """The refusal of a workbook in which this is wrong."""
    return refusal("damaged_workbook", part=part)


def _refuse_document_type(*_: object) -> None:
    raise damaged("its XML declares a document type")
