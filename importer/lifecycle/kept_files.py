"""Keeps what the rows of an import that ended early are read from, for some days.

So the rows that were left undone can be downloaded. `imports.kept_until` says that S3 holds it
(docs/design.md, rule 17).
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from importer.models import Import
from importer.models.imports import lines_key
from importer.services import Services
from importer.statuses import Reason, Status


def keep_file(session: Session, services: Services, import_: Import) -> None:
    """Note until when the file of an import that ended early is kept, unless that is noted already; commit.

    Nothing is kept of an import that was deleted, that ended before it was certain how its file is read, or whose
    file is no longer what was uploaded.
    """
    if days := services.settings.keep_undone_days:
        is_wanted = (Import.id == import_.id, Import.kept_until.is_(None), _can_be_read(), _has_ended_early())
        kept = update(Import).where(*is_wanted).values(kept_until=func.now() + timedelta(days=days))
        session.execute(kept.execution_options(synchronize_session=False))
        until = session.scalar(select(Import.kept_until).where(Import.id == import_.id))
        session.commit()
        set_committed_value(import_, "kept_until", until)  # the import may be gone, which a refresh would not bear


def _can_be_read() -> ColumnElement[bool]:
    """Every import that was queued has an empty list of questions; while questions are open there are some, and
    before its file was looked at there is no list."""
    return and_(
        Import.deleted_at.is_(None),
        Import.cleaned_at.is_(None),
        Import.uploaded_at.is_not(None),
        Import.questions == [],
    )


def _has_ended_early() -> ColumnElement[bool]:
    is_cancelled = Import.status.in_([Status.CANCELLING, Status.CANCELLED])
    return or_(is_cancelled, and_(Import.status == Status.STOPPED, Import.reason_code == Reason.DISPATCHER_FAILED))


def kept_key(import_: Import) -> str | None:
    """The key of the object that is kept: the lines of a converted file, else the file; None: nothing is."""
    if import_.kept_until is None or import_.deleted_at is not None:
        return None
    return import_.lines_key if import_.converted_etag is not None else import_.object_key


def is_overdue() -> ColumnElement[bool]:
    """Whether the time is over for which an import's file is kept."""
    return and_(Import.kept_until < func.now(), Import.deleted_at.is_(None))


def drop_file(session: Session, services: Services, import_: Import) -> None:
    """Delete what was kept; where all files are kept, only the lines of a converted one.

    Raises:
        StorageError: it has to be tried again.
    """
    key = kept_key(import_)
    session.commit()  # S3 is asked next, and the database ends a transaction that waits for long
    if key is not None and (not services.settings.keep_files or key == lines_key(import_.id)):
        services.storage.delete(key)
    forget_file(session, import_)


def forget_file(session: Session, import_: Import) -> None:
    """Note that nothing is kept of an import's file any more; commit."""
    session.execute(update(Import).where(Import.id == import_.id).values(kept_until=None))
    session.commit()
