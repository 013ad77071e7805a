"""Moves an import from one status to another, and refuses every move that the table does not have."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, func, null, update
from sqlalchemy.orm import Session

from importer.errors import RefusedTransitionError, shortened
from importer.models import Import
from importer.statuses import DISPATCHED, ENDED, REASONS, TRANSITIONS, Reason, Status


def _sources(target: Status, only_from: Collection[Status] | None) -> set[Status]:
    sources = {source for source, to in TRANSITIONS if to is target}
    return sources if only_from is None else sources & set(only_from)


def try_move(
    session: Session,
    import_id: str,
    target: Status,
    *,
    only_from: Collection[Status] | None = None,
    condition: ColumnElement[bool] | None = None,
    reason: Reason | None = None,
    detail: str = "",
    **values: Any,
) -> bool:
    """Move the status where the table allows it from the one that the database holds now.

    Args:
        only_from: the statuses to move from, where these are fewer than the table allows.
        condition: on the import, that must hold, too.
        reason: why; its sentence is stored with it. None keeps the reason that is stored, unless the import goes
            on: then that is forgotten.
        detail: fills the sentence's `{detail}`.
        values: other columns of the import to write in the same statement.

    Returns:
        Whether the import was moved; False also where there is no such import.
    """
    sources = _sources(target, only_from)
    if target in DISPATCHED:
        values |= {"reason_code": None, "reason": None}
    if reason is not None:
        values |= {"reason_code": reason, "reason": REASONS[reason].format(detail=shortened(detail))}
    if target is Status.RUNNING:
        values["timed_until"] = func.clock_timestamp()
    if target in ENDED:
        values["finished_at"] = func.now()
    imports = cast(Table, Import.__table__)  # not the model: through it SQLAlchemy takes twice as long
    wanted = update(imports).where(
        imports.c.id == import_id, imports.c.status.in_(sources), imports.c.deleted_at.is_(None)
    )
    if condition is not None:
        wanted = wanted.where(condition)
    return session.execute(wanted.values(status=target, **values).returning(imports.c.id)).first() is not None


def still_answered(answers: Mapping[str, Any] | None) -> ColumnElement[bool]:
    """Whether nobody has answered questions about the import's file since these answers were read."""
    stored = cast(Table, Import.__table__).c.answers
    return stored.is_(null()) if answers is None else stored == answers


def move(
    session: Session,
    import_: Import,
    target: Status,
    *,
    only_from: Collection[Status] | None = None,
    **details: Any,
) -> None:
    """Like `try_move`, and refresh the import.

    Raises:
        RefusedTransitionError: naming the status, and those from which the move can be made.
    """
    moved = try_move(session, import_.id, target, only_from=only_from, **details)
    session.refresh(import_)
    if not moved:
        allowed = ", ".join(sorted(_sources(target, only_from)))
        raise RefusedTransitionError(
            f"Import {import_.id} is {import_.status}; it can become {target} only when it is {allowed}."
        )
