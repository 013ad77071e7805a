"""Uploaded files that have arrived in S3: what is noted of their imports, and how these begin, or end at once."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from importer.control.intake import Incoming
from importer.control.notifications import wanted_mails
from importer.control.options import Options
from importer.control.repeats import repeat_of
from importer.errors import LayoutExistsError, UploadError
from importer.lifecycle.converted import begin_conversion
from importer.lifecycle.starting import Reading, start_or_wait
from importer.lifecycle.transitions import MoveDetails, try_move
from importer.models import Import
from importer.services import Services
from importer.statuses import Reason, Status
from importer.storage.object_writer import StoredObject


class ArrivedFile(NamedTuple):
    """A file that is in S3.

    Attributes:
        incoming: what the whole form has said of it.
        reading: how it is read; None: it has to be converted first.
        content_sha256: of its bytes, in hexadecimal digits.
    """

    incoming: Incoming
    reading: Reading | None
    options: Options
    stored: StoredObject
    content_sha256: str


def start(session: Session, services: Services, import_: Import, arrived: ArrivedFile) -> None:
    """Begin with the rows, or with converting, or let the import wait.

    Raises:
        LayoutExistsError: somebody else has taken the name for its answers since that was looked at.
        UploadError: the import was cancelled meanwhile.
    """
    try:
        is_started = _begin(session, services, import_, arrived)
    except LayoutExistsError as error:
        services.storage.delete(import_.object_key)
        stop(session, import_.id, Reason.FILE_REFUSED, error.message)
        raise
    if not is_started:
        services.storage.delete(import_.object_key)
        note_end(session, import_.id)
        raise UploadError("The import was cancelled, or given up for dead, during its upload.")


def _begin(session: Session, services: Services, import_: Import, arrived: ArrivedFile) -> bool:
    """Do so where the import is still uploading; return whether it is."""
    details, columns = MoveDetails([Status.UPLOADING], import_.created_by), _columns(session, services, arrived)
    if arrived.reading is not None:
        return start_or_wait(session, services, import_, arrived.reading, details, **columns)
    return begin_conversion(
        session,
        services,
        import_,
        details,
        may_wait=arrived.options.may_wait,
        answers=dict(arrived.options.given),
        **columns,
    )


def _columns(session: Session, services: Services, arrived: ArrivedFile) -> dict[str, Any]:
    """What is known of the import now, by its columns: also whether its content was imported before."""
    incoming, _, options, stored, content = arrived
    repeat = repeat_of(session, incoming.import_id, incoming.type_name, content, incoming.user_id)
    return {
        "size_bytes": stored.size,
        "etag": stored.etag,
        "uploaded_at": func.now(),
        "notify": wanted_mails(session, services, incoming.user_id, options.notify),
        "record_type": incoming.type_name,
        "content_sha256": content,
        "repeats": repeat,
        "asks_about_repeat": repeat is not None and options.asks_about_repeat,
        **incoming.layouts,
    }


def stop(session: Session, import_id: str, reason: Reason, detail: str) -> None:
    """Stop an import whose file did not arrive, or is refused."""
    try_move(session, import_id, Status.STOPPED, reason=reason, detail=detail)
    note_end(session, import_id)


def note_end(session: Session, import_id: str) -> None:
    """Nothing more comes of this upload, and nothing is left of it: the import can be cleaned."""
    session.execute(
        update(Import)
        .where(Import.id == import_id)
        .values(upload_ended_at=func.now())
        .execution_options(synchronize_session=False)
    )
    session.commit()
