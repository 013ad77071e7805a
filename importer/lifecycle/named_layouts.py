"""Layouts with a name: what a person has said of a file, for whoever names it with the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, not_, select, text, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from importer.errors import LayoutExistsError, OtherLayoutError, UnknownLayoutError
from importer.models import Import, Layout, Role, User

NAMES_TOLD = 20
"""Of the layouts there are, where one is not found."""


class NamedLayout(NamedTuple):
    """A layout as it is used.

    Attributes:
        digest: of its header.
        header: the names of its columns.
        answers: by question, with columns by their numbers.
        by: the e-mail address of who named it; None: the command line.
        at: when, as ISO 8601 writes it.
    """

    name: str
    record_type: str
    digest: str
    header: Sequence[str]
    answers: Mapping[str, Any]
    by: str | None
    at: str

    def as_json(self) -> dict[str, Any]:
        """What an import keeps of it, so that it means the same whatever becomes of the name."""
        return self._asdict()


def layout_of(import_: Import) -> NamedLayout | None:
    """The layout by which an import's file is read; None: none was named."""
    return NamedLayout(**import_.layout) if import_.layout else None


class Saving(NamedTuple):
    """That answers are to be kept under a name.

    Attributes:
        by: the id of who wants it; None: the command line, which may do what an admin may.
    """

    name: str
    by: int | None

    def as_json(self) -> dict[str, Any]:
        """What an import keeps of it until it begins."""
        return self._asdict()


def has_name(name: str) -> ColumnElement[bool]:
    """Whether a layout has this name, give or take case."""
    return func.lower(Layout.name) == func.lower(name)


def find(session: Session, name: str) -> NamedLayout:
    """The layout of this name.

    Raises:
        UnknownLayoutError: there is none; it names those there are.
    """
    found = session.execute(_with_owner().where(has_name(name))).one_or_none()
    if found is None:
        raise _unknown(session, name)
    layout, by = found
    return NamedLayout(
        layout.name or "",
        layout.record_type,
        layout.header_digest,
        layout.header or (),
        layout.answers,
        by,
        layout.answered_at.isoformat(),
    )


def _with_owner() -> Select[Layout, str]:
    return select(Layout, User.email).outerjoin(User, User.id == Layout.user_id)


def _unknown(session: Session, name: str) -> UnknownLayoutError:
    is_named = Layout.name.is_not(None)
    count = session.scalar(select(func.count()).select_from(Layout).where(is_named)) or 0
    known = session.scalars(
        select(Layout.name).where(is_named).order_by(func.lower(Layout.name)).limit(NAMES_TOLD)
    )
    return UnknownLayoutError(name, [one for one in known if one is not None], count)


def refuse_other_type(layout: NamedLayout, record_type: str | None) -> None:
    """Refuse a layout for a file of another record type.

    Args:
        record_type: its name; None: not said.

    Raises:
        OtherLayoutError: it is another one.
    """
    if record_type not in (None, layout.record_type):
        raise OtherLayoutError(
            f"The layout “{layout.name}” is of {layout.record_type}, and the file's record type is said to be "
            f"{record_type}. Leave the record type out, or name another layout."
        )


def names_of(session: Session, record_type: str, digest: str) -> list[str]:
    """The names of the layouts for such a file, as many as are told."""
    wanted = (
        select(Layout.name)
        .where(Layout.record_type == record_type, Layout.header_digest == digest, Layout.name.is_not(None))
        .order_by(func.lower(Layout.name))
        .limit(NAMES_TOLD)
    )
    return [name for name in session.scalars(wanted) if name is not None]


def refuse_to_replace(session: Session, saving: Saving) -> None:
    """Refuse a name under which answers may not be kept.

    Raises:
        LayoutExistsError: it is somebody else's layout's.
    """
    theirs = session.execute(_with_owner().where(has_name(saving.name), not_(may_change(saving.by)))).one_or_none()
    if theirs is not None:
        layout, owner = theirs
        raise LayoutExistsError(layout.name or "", owner)


def may_change(user_id: int | None) -> ColumnElement[bool]:
    """Whether somebody may replace or delete a layout: their own, or any as an admin.

    Args:
        user_id: None: the command line.
    """
    if user_id is None:
        return true()
    is_admin = select(User.id).where(User.id == user_id, User.role == Role.ADMIN).exists()
    return Layout.user_id.is_not_distinct_from(user_id) | is_admin


def save(
    session: Session,
    saving: Saving,
    record_type: str,
    digest: str,
    header: Sequence[str],
    answers: Mapping[str, Any],
) -> None:
    """Keep answers under a name, instead of those that it has; the caller commits.

    Of two who save one name at once, the second waits for the first, and then replaces it or is refused.

    Args:
        answers: with columns by their numbers.

    Raises:
        LayoutExistsError: it is somebody else's layout's.
    """
    owner = select(User.id).where(User.id == saving.by).scalar_subquery()  # none, where the account is gone
    values = {
        "name": saving.name,
        "record_type": record_type,
        "header_digest": digest,
        "header": list(header),
        "user_id": owner,
        "answers": dict(answers),
        "answered_at": func.now(),
    }
    saved = session.scalar(
        insert(Layout)
        .values(**values)
        .on_conflict_do_update(index_elements=[text("lower(name)")], set_=values, where=may_change(saving.by))
        .returning(Layout.id)
    )
    if saved is None:
        refuse_to_replace(session, saving)
        raise LayoutExistsError(saving.name, None)
