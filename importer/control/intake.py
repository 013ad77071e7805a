"""The bytes of an upload on their way to S3: what is looked at of them, and what is noted meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from importer.control.options import Options
from importer.errors import FileTooLargeError, NotInPlaceError, UploadError
from importer.files.openings import Beginning
from importer.files.samples import from_line_end
from importer.lifecycle.beginnings import HEAD_BYTES
from importer.lifecycle.named_layouts import NamedLayout, Saving, find, refuse_other_type, refuse_to_replace
from importer.lifecycle.starting import Reading, read_beginning
from importer.models import Import
from importer.record_types import RecordType
from importer.services import Services
from importer.statuses import Status
from importer.storage.object_writer import ObjectWriter
from importer.time_limits import UPLOAD_REPORT_SECONDS

PIECES, PIECE_BYTES = 4, 32 * 1024
"""Of what follows, so many pieces of this size tell the encoding, where the head is ASCII."""

ASCII = bytes(range(128))


class Incoming(NamedTuple):
    """What is needed of an import while its file arrives; its row stays untouched, or the database would see a
    transaction that idles for as long as the slowest client.

    Attributes:
        layout: the named one by which the file is read.
        saving: the name under which its answers are kept.
    """

    import_id: str
    object_key: str
    record_type: RecordType | None
    user_id: int | None
    given: Mapping[str, Any]
    layout: NamedLayout | None = None
    saving: Saving | None = None

    @property
    def type_name(self) -> str:
        return self.record_type.name if self.record_type is not None else ""

    @property
    def layouts(self) -> dict[str, Any]:
        """What the import keeps of them, by its columns."""
        kept = {"layout": self.layout, "save_layout": self.saving}
        return {column: named.as_json() for column, named in kept.items() if named is not None}


def as_said(
    session: Session, services: Services, incoming: Incoming, record_type: str | None, options: Options
) -> Incoming:
    """What is known by what the form has said so far.

    Args:
        record_type: the name of it; None: not said.

    Raises:
        UnknownRecordTypeError: there is no such one.
        UploadError: another one was said before.
        UnknownLayoutError: there is no layout of the name that was said.
        OtherLayoutError: that is of another record type.
        LayoutExistsError: the name for the answers is that of somebody else's layout.
    """
    layout, saving = incoming.layout, None
    if layout is None and options.layout is not None:
        layout = find(session, options.layout)
    if options.save_layout:
        saving = Saving(options.save_layout, incoming.user_id)
        refuse_to_replace(session, saving)
    session.commit()  # none may stay open while the file arrives
    said = _said_type(services, incoming, record_type, layout)
    return incoming._replace(record_type=said, given=options.given, layout=layout, saving=saving)


def _said_type(
    services: Services, incoming: Incoming, said: str | None, layout: NamedLayout | None
) -> RecordType | None:
    known = incoming.type_name or None
    if layout is not None:
        for name in (known, said):
            refuse_other_type(layout, name)
        known = said = layout.record_type
    if known is not None and said is not None and said != known:
        raise UploadError(f"The form names two record types, {known!r} and {said!r}. Send one.")
    name = known or said
    return None if name is None else services.record_types[name]


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
            session,
            services,
            beginning,
            incoming.record_type,
            incoming.given,
            incoming.user_id,
            incoming.layout,
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
