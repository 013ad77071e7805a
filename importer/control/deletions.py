"""Deletes several imports: those of a selection, and files that were never taken."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from importer.control.chosen_imports import ChosenImports
from importer.control.imports import DELETION
from importer.control.reports import visible_imports
from importer.lifecycle.transitions import try_move
from importer.models import Import, User
from importer.statuses import ENDED, Reason, Status

DELETABLE = ENDED | {Status.WAITING, Status.CANCELLING}
"""Of such an import no row is being worked on."""

PORTION = 1000
"""Imports that are deleted in one transaction."""


class Selection(NamedTuple):
    """Imports that a person has selected: those that may be deleted, and those that are still at work."""

    deletable: Sequence[Import]
    at_work: Sequence[Import]


def selected(session: Session, user: User, import_ids: Collection[str]) -> Selection:
    """The imports of a selection that there still are and this person may see."""
    found = session.scalars(visible_imports(user).where(Import.id.in_(import_ids))).all()
    return Selection(
        [one for one in found if one.status in DELETABLE], [one for one in found if one.status not in DELETABLE]
    )


def delete_selected(session: Session, user: User, import_ids: Collection[str]) -> Selection:
    """Delete the imports of a selection but those that are still at work; the records stay.

    Returns:
        What was deleted, and what was not.
    """
    wanted = selected(session, user, import_ids)
    deleted = [one for one in wanted.deletable if _delete(session, one, user)]
    session.commit()
    gone = {one.id for one in deleted}
    begun_meanwhile = [one for one in wanted.deletable if one.id not in gone]
    return Selection(deleted, [*wanted.at_work, *begun_meanwhile])


def _delete(session: Session, import_: Import, user: User) -> bool:
    """Unless it has begun since: somebody may have answered the questions about its file."""
    only_from = [Status.WAITING]
    try_move(
        session, import_.id, Status.CANCELLING, only_from=only_from, reason=Reason.BY_PERSON, detail=user.email
    )
    may_go = (Import.id == import_.id, Import.status.in_(DELETABLE), Import.deleted_at.is_(None))
    deleted = update(Import).where(*may_go).values(DELETION).returning(Import.id)
    return session.execute(deleted.execution_options(synchronize_session=False)).first() is not None


def clear_not_taken(session: Session, user: User, chosen: ChosenImports, latest: int) -> int:
    """Delete files that were refused or did not arrive, as far as this person may see them.

    Args:
        chosen: narrows them; its outcome does not count.
        latest: the sequence number of the last one that the person has seen.

    Returns:
        How many were deleted.
    """
    refused = chosen._replace(show="refused").condition()
    portion = visible_imports(user).where(refused, Import.sequence <= latest).limit(PORTION)
    ids = select(portion.subquery().c.id)
    count = 0
    while True:
        gone = session.execute(
            update(Import)
            .where(Import.id.in_(ids))
            .values(DELETION)
            .returning(Import.id)
            .execution_options(synchronize_session=False)
        ).all()
        session.commit()
        count += len(gone)
        if len(gone) < PORTION:
            return count
