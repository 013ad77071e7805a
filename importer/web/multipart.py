"""Reading an upload's form as a stream: the bytes of its one file, and small fields before and behind it.

Nothing of the file is kept, in memory or on disk, so memory does not grow with the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from importer.errors import UploadError

FILE_FIELD = "file"
MAX_FIELDS = 20
MAX_FIELD_BYTES = 64 * 1024
CHUNK_BYTES = 256 * 1024
# A chunk may be held back until the next one came; the rest is for the headers of a part.
MAX_BUFFERED_BYTES = 2 * CHUNK_BYTES + 64 * 1024

BACKSLASH = re.compile(r'\\([\\"])?')
"""Browsers write one as it is (https://html.spec.whatwg.org/, "multipart/form-data"), other programs twice: before
anything but a backslash or a quote it is one."""

CHOOSE_FILE = "Choose a file to upload."
ONE_FILE = "Upload one file at a time."
NO_FORM = "This is not a file upload: send a form as multipart/form-data with a boundary."
MALFORMED = "The uploaded form is malformed. Reload the page and upload the file again."
TOO_MANY_FIELDS = f"The uploaded form has more than {MAX_FIELDS} fields."
LONG_FIELD = f"A field of the uploaded form is longer than {MAX_FIELD_BYTES} bytes."


@dataclass(frozen=True)
class Upload:
    """An upload whose file is still on its way.

    Attributes:
        fields: the form's fields by name; of a repeated name, the last. Those that stand behind the file are here
            once its chunks have been read.
        filename: as the browser sent it. Not to be trusted: it may hold a path or any character.
        chunks: the file's bytes, to be read once. The whole file has arrived only where this ends without an
            error; it raises what `read_upload` raises.
    """

    fields: dict[str, str]
    filename: str
    chunks: Iterator[bytes]


def read_upload(stream: IO[bytes], content_type: str) -> Upload:
    """Read a form, https://www.rfc-editor.org/rfc/rfc7578, up to where its file begins.

    Args:
        stream: the request's body. What it raises because of its own limit on bytes passes through.
        content_type: the request's header of that name.

    Raises:
        UploadError: the body broke off or is no such form, it has no file or several, or it has too many or too
            long fields.
    """
    events = _events(stream, _boundary(content_type))
    fields: dict[str, str] = {}
    for event in events:
        if isinstance(event, File):
            return Upload(fields, _name_of(event), _file_chunks(events, fields))
        if isinstance(event, Field):
            _take_field(fields, event, events)
    raise UploadError(CHOOSE_FILE)


def _boundary(content_type: str) -> bytes:
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not boundary or not boundary.isascii():
        raise UploadError(NO_FORM)
    return boundary.encode("ascii")


def _events(stream: IO[bytes], boundary: bytes) -> Iterator[Event]:
    """What the decoder makes of the body, to the end of the body."""
    decoder = MultipartDecoder(boundary, max_form_memory_size=MAX_BUFFERED_BYTES)
    half_closed = b"\r\n--" + boundary + b"-"
    while True:
        chunk = _read(stream)
        _feed(decoder, chunk)
        # Werkzeug 3.1.9 would take this CR for a byte of the file: it forgets the two dashes that end the
        # form. https://github.com/pallets/werkzeug/issues/3285
        if chunk and decoder.buffer.endswith(half_closed):
            continue
        yield from _decoded(decoder)
        if not chunk:
            return


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(CHUNK_BYTES)
    except (ClientDisconnected, OSError) as error:
        raise UploadError() from error


def _feed(decoder: MultipartDecoder, chunk: bytes) -> None:
    try:
        decoder.receive_data(chunk or None)
    except RequestEntityTooLarge as error:
        # Headers without an end, or a text before the first boundary or after the last one.
        raise UploadError(MALFORMED) from error


def _decoded(decoder: MultipartDecoder) -> Iterator[Event]:
    while True:
        try:
            event = decoder.next_event()
        except ValueError as error:
            # At the end of the body the closing boundary is missing; before it, a header is malformed.
            raise UploadError(None if decoder.complete else MALFORMED) from error
        if isinstance(event, NeedData):
            return
        yield event
        if isinstance(event, Epilogue):
            return


def _name_of(file: File) -> str:
    if file.name != FILE_FIELD or not file.filename:
        raise UploadError(CHOOSE_FILE)
    disposition = file.headers["content-disposition"]
    as_written = BACKSLASH.sub(lambda found: found[0] if found[1] else r"\\", disposition)
    return parse_options_header(as_written)[1].get("filename", file.filename)


def _take_field(fields: dict[str, str], field: Field, events: Iterator[Event]) -> None:
    fields[field.name] = _text(events)
    if len(fields) > MAX_FIELDS:
        raise UploadError(TOO_MANY_FIELDS)


def _text(events: Iterator[Event]) -> str:
    content = bytearray()
    for event in events:
        assert isinstance(event, Data)
        content += event.data
        if len(content) > MAX_FIELD_BYTES:
            raise UploadError(LONG_FIELD)
        if not event.more_data:
            break
    return content.decode("utf-8", "replace")


def _file_chunks(events: Iterator[Event], fields: dict[str, str]) -> Iterator[bytes]:
    for event in events:
        if isinstance(event, File):
            raise UploadError(ONE_FILE)
        if isinstance(event, Field):
            _take_field(fields, event, events)
        elif isinstance(event, Data) and event.data:
            yield event.data
