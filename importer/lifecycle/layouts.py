"""Remembers what people answered about a file, for the next one with the same record type and header.

Layouts with a name take no part in it (`importer.lifecycle.named_layouts`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from importer.files.names import normalised
from importer.models import Layout, User

REMEMBERED = "remembered"
"""The key among an import's answers of who gave those that were remembered, and when."""


class Remembered(NamedTuple):
    """Answers of an earlier file.

    Attributes:
        digest: of the header under which they are remembered.
        by: the e-mail address of who gave them; None: the command line.
    """

    digest: str
    answers: dict[str, Any]
    by: str | None
    at: datetime

    def without(self, questions: Collection[str]) -> Remembered:
        """The same, without what was said to these questions."""
        return self._replace(answers={id_: said for id_, said in self.answers.items() if id_ not in questions})

    def as_json(self) -> dict[str, Any]:
        """What is kept of it beside the answers of an import."""
        return {"by": self.by, "at": self.at.isoformat(), "questions": sorted(self.answers)}


def header_digest(names: Sequence[str], *, has_header: bool) -> str:
    """What a header is known by: its names, give or take case and punctuation, in their order.

    Args:
        names: of the columns.
        has_header: False where they are letters; files without a header are alike where they have as many columns.
    """
    text = "\x1f".join(map(normalised, names)) if has_header else f"\x1e{len(names)}"
    return hashlib.sha256(text.encode()).hexdigest()


def recall(session: Session, record_type: str, digest: str, user_id: int | None) -> Remembered | None:
    """What was answered last for such a file: by this person, or else by anyone."""
    is_own = Layout.user_id == user_id if user_id is not None else Layout.user_id.is_(None)
    wanted = (
        select(Layout.answers, User.email, Layout.answered_at)
        .outerjoin(User, User.id == Layout.user_id)
        .where(Layout.record_type == record_type, Layout.header_digest == digest, Layout.name.is_(None))
        .order_by(is_own.desc(), Layout.answered_at.desc())
        .limit(1)
    )
    found = session.execute(wanted).one_or_none()
    return None if found is None else Remembered(digest, *found)


def remember(
    session: Session, record_type: str, digest: str, user_id: int | None, answers: Mapping[str, Any]
) -> None:
    """Keep the answers of this person instead of their earlier ones; the caller commits."""
    is_own = Layout.user_id == user_id if user_id is not None else Layout.user_id.is_(None)
    same = (Layout.record_type == record_type, Layout.header_digest == digest, Layout.name.is_(None), is_own)
    session.execute(delete(Layout).where(*same))
    if answers:
        session.add(Layout(record_type=record_type, header_digest=digest, user_id=user_id, answers=dict(answers)))
