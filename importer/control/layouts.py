"""Named layouts: lists, shows and deletes them. They are everybody's to use, and their owner's to change."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Text, case, cast, delete, func, select
from sqlalchemy.orm import Session

from importer.control.options import layout_name
from importer.errors import ForeignLayoutError, MissingLayoutError, UnknownLayoutError
from importer.lifecycle.named_layouts import NamedLayout, find, has_name, may_change
from importer.models import Layout, User

TOLD_CHARS = 10_000
"""A header, or answers, with more characters of JSON are not told in a list."""


class ListedLayout(NamedTuple):
    """A layout in a list.

    Attributes:
        header, answers: None: too long for a list.
        by: the e-mail address of who named it; None: the command line.
        at: when, as ISO 8601 writes it.
    """

    name: str
    record_type: str
    header: list[str] | None
    answers: dict[str, Any] | None
    by: str | None
    at: str


def page_of_layouts(session: Session, *, limit: int, number: int = 1) -> tuple[list[ListedLayout], bool]:
    """A page of all layouts with a name, by their names; and whether another page follows."""
    wanted = (
        select(
            Layout.name,
            Layout.record_type,
            *(
                case((func.length(cast(part, Text)) <= TOLD_CHARS, part))
                for part in (Layout.header, Layout.answers)
            ),
            User.email,
            Layout.answered_at,
        )
        .outerjoin(User, User.id == Layout.user_id)
        .where(Layout.name.is_not(None))
        .order_by(func.lower(Layout.name))
        .limit(limit + 1)
        .offset((number - 1) * limit)
    )
    found = [
        ListedLayout(name or "", record_type, header, answers, by, at.isoformat())
        for name, record_type, header, answers, by, at in session.execute(wanted)
    ]
    return found[:limit], len(found) > limit


def require(session: Session, name: str) -> NamedLayout:
    """The layout of this name.

    Raises:
        OptionsError: no layout has such a name.
        MissingLayoutError: there is none.
    """
    try:
        return find(session, layout_name(name))
    except UnknownLayoutError as error:
        raise MissingLayoutError(error.message) from error


def remove(session: Session, name: str, user: User) -> None:
    """Forget a layout; imports that are read by it go on.

    Raises:
        OptionsError: no layout has such a name.
        MissingLayoutError: there is none of this name.
        ForeignLayoutError: it is somebody else's, and the user is no admin.
    """
    is_wanted = (has_name(layout_name(name)), may_change(user.id))
    deleted = session.scalar(delete(Layout).where(*is_wanted).returning(Layout.id))
    session.commit()
    if deleted is None:
        require(session, name)
        raise ForeignLayoutError
