"""From the first byte of an upload to a queued import."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from importer.control.arrivals import ArrivedFile, start, stop
from importer.control.intake import Incoming, as_said, look_at, stream
from importer.control.options import Options
from importer.errors import (
    ImporterError,
    KeyReusedError,
    QuestionsError,
    RefusedFileError,
    UnknownAnswersError,
    UnknownRecordTypeError,
    UploadError,
)
from importer.lifecycle.starting import Reading
from importer.models import Import, User
from importer.services import Services
from importer.statuses import Reason, Status

log = logging.getLogger(__name__)

GIVEN_UP = [Status.STOPPED, Status.CANCELLED]
"""Statuses of an import whose file never arrived."""

UNKNOWN_TYPE = "(unknown)"
"""An import's record type until the form says it, behind the file; no record type has such a name."""


SaysType = Callable[[], str | None]
"""What the form says is the file's record type, as far as it has been read; None if nothing."""

SaysOptions = Callable[[], Options]
"""Likewise what it says of the file."""


def begin_upload(
    session: Session,
    services: Services,
    user: User,
    *,
    record_type: str | None,
    filename: str,
    idempotency_key: str | None,
) -> tuple[Import, bool]:
    """Make the import before its file arrives.

    Args:
        record_type: None where only what follows the file will say it.
        idempotency_key: the same form sent again finds the import of the first time, unless its upload failed.

    Returns:
        The import, and whether this call made it.

    Raises:
        UnknownRecordTypeError: naming those there are.
        KeyReusedError: the key found an import of another record type.
    """
    if record_type is not None:
        services.record_types.require(record_type)
    if idempotency_key is not None:
        _free_key_of_failed_upload(session, user, idempotency_key)
    made = _insert(
        session,
        record_type=record_type or UNKNOWN_TYPE,
        filename=base_name(filename),
        created_by=user.id,
        idempotency_key=idempotency_key,
        allowed_failed_rows=services.settings.max_failed_rows,
    )
    found = made or session.scalars(_by_key(user, idempotency_key)).one()
    session.commit()
    if _is_of_another_type(found, record_type):
        raise KeyReusedError
    return found, made is not None


def _is_of_another_type(import_: Import, record_type: str | None) -> bool:
    return record_type is not None and import_.record_type not in (UNKNOWN_TYPE, record_type)


def _insert(session: Session, **values: object) -> Import | None:
    """The new import, or None where there is one with the same key."""
    wanted = insert(Import).values(status=Status.UPLOADING, **values)
    by_key = ["created_by", "idempotency_key"]
    return session.scalar(wanted.on_conflict_do_nothing(index_elements=by_key).returning(Import))


def base_name(filename: str) -> str:
    """What is kept of a file's name, which may hold a path or any character."""
    name = PurePosixPath(filename.replace("\\", "/")).name
    printable = "".join(character for character in name if character.isprintable())
    return printable.strip()[:255] or "unnamed"


def _by_key(user: User, key: str | None) -> Select[Import]:
    return select(Import).where(Import.created_by == user.id, Import.idempotency_key == key)


def _free_key_of_failed_upload(session: Session, user: User, key: str) -> None:
    session.execute(
        update(Import)
        .where(Import.created_by == user.id, Import.idempotency_key == key)
        .where(Import.uploaded_at.is_(None), Import.status.in_(GIVEN_UP))
        .values(idempotency_key=None)
    )


def receive(
    session: Session,
    services: Services,
    import_: Import,
    chunks: Iterable[bytes],
    says_type: SaysType = lambda: None,
    says_options: SaysOptions = Options,
) -> None:
    """Stream the file to S3, look how it is to be read, and start the import, or let it wait for answers.

    Args:
        says_type: what the form says is the file's record type, now that it has been read so far.
        says_options: likewise its options.

    Raises:
        RefusedFileError, UnknownRecordTypeError: the file cannot be imported; the import is stopped with that
            reason.
        QuestionsError: answers are needed, and it must not wait for them; likewise.
        UploadError: it broke off, or was cancelled meanwhile; nothing is left in S3.
        StorageError: S3 does not answer.
    """
    known = None if import_.record_type == UNKNOWN_TYPE else services.record_types[import_.record_type]
    incoming = Incoming(import_.id, import_.object_key, known, import_.created_by, {})
    session.commit()
    with _stopped_where_it_fails(session, incoming):
        arrived = _store(session, services, incoming, chunks, says_type, says_options)
    log.info("import %s: %s bytes received", incoming.import_id, arrived.stored.size)
    start(session, services, import_, arrived)


def _store(
    session: Session,
    services: Services,
    incoming: Incoming,
    chunks: Iterable[bytes],
    says_type: SaysType,
    says_options: SaysOptions,
) -> ArrivedFile:
    """Stream the file to S3, where it stays unless it is refused."""
    digest = hashlib.sha256()
    incoming = as_said(session, services, incoming, says_type(), says_options())
    with services.storage.open_writer(incoming.object_key) as writer:
        beginning = stream(session, services, incoming, _hashed(chunks, digest), writer)
        options = says_options()
        incoming = as_said(session, services, incoming, says_type(), options)
        services.record_types.require(incoming.type_name)
        reading = look_at(session, services, incoming, beginning)
        if reading is not None:
            _refuse_to_wait(reading, options)
        return ArrivedFile(incoming, reading, options, writer.complete(), digest.hexdigest())


@contextmanager
def _stopped_where_it_fails(session: Session, incoming: Incoming) -> Iterator[None]:
    """Stop the import, with the reason, where its file does not arrive or is refused; the error passes on."""
    try:
        yield
    except (RefusedFileError, UnknownRecordTypeError) as error:
        stop(session, incoming.import_id, Reason.FILE_REFUSED, error.message)
        raise
    except Exception as error:
        session.rollback()
        detail = (
            error.message if isinstance(error, ImporterError) else "The upload broke off. Upload the file again."
        )
        stop(session, incoming.import_id, Reason.UPLOAD_BROKE_OFF, detail)
        raise


def _refuse_to_wait(reading: Reading, options: Options) -> None:
    if reading.unused:
        raise UnknownAnswersError(reading.unused, reading.opening.proposal.questions)
    if not options.may_wait and not reading.is_certain:
        raise QuestionsError(reading.opening.proposal.questions)


def receive_again(
    session: Session, import_: Import, chunks: Iterable[bytes], says_type: SaysType = lambda: None
) -> None:
    """Read a file that was sent with the key of an import, to its end, and see whether it is that import's file.

    While the first upload is still on its way there is nothing to compare with.

    Raises:
        KeyReusedError: it is another file, or of another record type.
        UploadError: the first upload broke off meanwhile, or its import was deleted.
    """
    digest = hashlib.sha256()
    for _ in _hashed(chunks, digest):
        pass
    found = session.get(Import, import_.id, populate_existing=True)
    if found is None or (found.uploaded_at is None and found.status in GIVEN_UP):
        raise UploadError("The first upload with this key broke off. Send the file again.")
    is_other_file = found.content_sha256 not in (None, digest.hexdigest())
    if is_other_file or _is_of_another_type(found, says_type()):
        raise KeyReusedError


def _hashed(chunks: Iterable[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
