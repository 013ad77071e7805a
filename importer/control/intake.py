"""The bytes of an upload on their way to S3: what is said with them, what is looked at, and noted meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from importer.errors import FileTooLargeError, NotInPlaceError, UploadError
from importer.files.openings import Beginning
from importer.files.samples import from_line_end
from importer.lifecycle.beginnings import HEAD_BYTES
from importer.lifecycle.starting import Reading, read_beginning
from importer.models import Import, Notify
from importer.record_types import RecordType
from importer.services import Services
from importer.statuses import Status
from importer.storage.object_writer import ObjectWriter
from importer.time_limits import UPLOAD_REPORT_SECONDS

PIECES, PIECE_BYTES = 4, 32 * 1024
"""Of what follows, so many pieces of this size tell the encoding, where the head is ASCII."""

ASCII = bytes(range(128))


@dataclass(frozen=True)
class Options:
    """What is said of a file with its upload.

    Attributes:
        given: answers, by question.
        may_wait: whether the import may wait for answers; else a file that needs some is refused.
        asks_about_repeat: whether it waits for a person's word where the same content was imported before; else
            that is only told.
        notify: when who uploads is written to; None: as they chose for all their imports.
    """

    given: Mapping[str, Any] = field(default_factory=dict)
    may_wait: bool = True
    asks_about_repeat: bool = False
    notify: Notify | None = None


SaysType = Callable[[], str | None]
"""What the form says is the file's record type, as far as it has been read; None if nothing."""

SaysOptions = Callable[[], Options]
"""Likewise what it says of the file."""


class Incoming(NamedTuple):
    """What is needed of an import while its file arrives; its row stays untouched, or the database would see a
    transaction that idles for as long as the slowest client."""

    import_id: str
    object_key: str
    record_type: RecordType | None
    user_id: int | None
    given: Mapping[str, Any]


def stream(
    session: Session, services: Services, incoming: Incoming, chunks: Iterable[bytes], writer: ObjectWriter
) -> Beginning:
    """Write the file; where its record type is known and its head is full, it may be refused on the way.

    Raises:
        RefusedFileError: it cannot be imported, whatever is answered, or is too large.
        UploadError: the import was cancelled meanwhile.
    """
    head, tail, size = b"", b"", 0
    pieces: list[bytes] = []
    seen = time.monotonic()
    for chunk in chunks:
        size += len(chunk)
        if size > services.settings.max_upload_bytes:
            raise FileTooLargeError(services.settings.max_upload_bytes)
        if len(head) < HEAD_BYTES:
            head += chunk[: HEAD_BYTES - len(head)]
            if len(head) == HEAD_BYTES and incoming.record_type is not None:
                look_at(session, services, incoming, Beginning(head, is_whole_file=False))
        elif len(pieces) < PIECES and not chunk.isascii():
            pieces.append(_around_first(chunk))
        tail = (tail + chunk)[-PIECE_BYTES:]
        writer.write(chunk)
        if time.monotonic() - seen > UPLOAD_REPORT_SECONDS:
            say_alive(session, incoming)
            seen = time.monotonic()
    is_whole = len(head) == size
    if not is_whole:
        pieces.append(from_line_end(tail))
    return Beginning(head, is_whole, tuple(pieces), size)


def _around_first(chunk: bytes) -> bytes:
    """A piece that begins with the line of the first byte that is not ASCII."""
    first = len(chunk) - len(chunk.lstrip(ASCII))
    return chunk[chunk.rfind(b"\n", 0, first) + 1 : first + PIECE_BYTES]


def look_at(session: Session, services: Services, incoming: Incoming, beginning: Beginning) -> Reading | None:
    """How the file would be read, whose record type is known; None where it has to be converted first.

    Raises:
        RefusedFileError: it cannot be imported, whatever is answered.
    """
    assert incoming.record_type is not None
    try:
        reading = read_beginning(
            session, services, beginning, incoming.record_type, incoming.given, incoming.user_id
        )
    except NotInPlaceError:
        reading = None
    session.commit()  # none may stay open while the file arrives
    return reading


def say_alive(session: Session, incoming: Incoming) -> None:
    alive = session.scalar(
        update(Import)
        .where(Import.id == incoming.import_id, Import.status == Status.UPLOADING)
        .values(upload_seen_at=func.now())
        .returning(Import.id)
        .execution_options(synchronize_session=False)
    )
    session.commit()
    if alive is None:
        raise UploadError("The import was cancelled during its upload.")
