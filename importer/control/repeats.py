"""The same file again: an import whose content an earlier one of the same record type had."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from importer.errors import UnknownAnswersError
from importer.files.questions import Choice, Question
from importer.models import Import, User
from importer.statuses import UNFINISHED, Status

SAME_FILE = "same_file"
"""The question's id, and its kind."""

AGAIN = "yes"
IMPORTED = UNFINISHED | {Status.COMPLETED}
"""Of an import that was cancelled, stopped or never begun nothing is told: its file is sent again to finish it."""


class Former(NamedTuple):
    """The latest import of the same content, and who began it."""

    import_: Import
    email: str | None


def repeat_of(
    session: Session, import_id: str, record_type: str, content_sha256: str, user_id: int | None
) -> dict[str, Any] | None:
    """What an import keeps of the one that had its content before; None where there was none.

    Args:
        user_id: whose import it is; an operator is not told the file names of others. None: the command line.

    Returns:
        `import_id` of the former one, None where it is hidden from this person, and `told`, a sentence.
    """
    wanted = (
        select(Import, User.email)
        .outerjoin(User, User.id == Import.created_by)
        .where(Import.record_type == record_type, Import.content_sha256 == content_sha256)
        .where(Import.deleted_at.is_(None), Import.status.in_(IMPORTED), Import.id != import_id)
        .order_by(Import.sequence.desc())
        .limit(1)
    )
    found = session.execute(wanted).one_or_none()
    if found is None:
        return None
    former = Former(*found)
    is_own = user_id is not None and former.import_.created_by == user_id
    is_visible = is_own or _sees_all(session, user_id)
    told = _told(former, is_own=is_own, is_visible=is_visible)
    return {"import_id": former.import_.id if is_visible else None, "told": told}


def _sees_all(session: Session, user_id: int | None) -> bool:
    user = session.get(User, user_id) if user_id is not None else None
    return user is None or user.is_admin


def _told(former: Former, *, is_own: bool, is_visible: bool) -> str:
    import_ = former.import_
    day = import_.created_at
    date = f"{day.day} {day:%B} {day.year}"
    who = "you" if is_own else former.email or "somebody at the command line"
    name = f" as “{import_.filename}”" if is_visible else ""
    if import_.status != Status.COMPLETED:
        return f"This file is being imported already, since {date}, by {who}{name}."
    return f"This file was imported on {date} by {who}{name} ({_rows(import_)})."


def _rows(import_: Import) -> str:
    imported = f"{import_.imported_rows:,} {'row' if import_.imported_rows == 1 else 'rows'}"
    return f"{imported}, {import_.failed_rows:,} failed" if import_.failed_rows else imported


def open_questions(import_: Import) -> list[Question]:
    """All that is still to be answered about an import's file: first whether it is wanted again at all."""
    asked = [Question.from_json(told) for told in import_.questions or []]
    return [_question(import_), *asked] if import_.asks_about_repeat and import_.repeats else asked


def _question(import_: Import) -> Question:
    text = f"{(import_.repeats or {})['told']} Import it again? If not, delete this upload."
    return Question(SAME_FILE, SAME_FILE, text, (Choice(AGAIN, "Import it again"),))


def split_off(import_: Import, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Take the answer about the same file from the others.

    Returns:
        The others, and the columns of the import that the answer changes.

    Raises:
        UnknownAnswersError: it is asked, and this is none of its answers.
    """
    if SAME_FILE not in given or not import_.asks_about_repeat:
        return given, {}
    if given[SAME_FILE] != AGAIN:
        raise UnknownAnswersError([SAME_FILE], open_questions(import_))
    return {name: said for name, said in given.items() if name != SAME_FILE}, {"asks_about_repeat": False}
