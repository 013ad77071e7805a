"""Moves an import from one status to another, and refuses every move that the table does not have."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, cast

from sqlalchemy import CTE, ColumnElement, Table, func, null, select, update
from sqlalchemy.orm import Session

from importer.errors import RefusedTransitionError, shortened
from importer.lifecycle.events import MOST_EVENTS, event_of_move, fold, kept_events
from importer.models import Import
from importer.statuses import DISPATCHED, ENDED, REASONS, TRANSITIONS, Reason, Status

imports = cast(Table, Import.__table__)
"""Not the model: through it SQLAlchemy takes twice as long."""


def _sources(target: Status, only_from: Collection[Status] | None) -> set[Status]:
    sources = {source for source, to in TRANSITIONS if to is target}
    return sources if only_from is None else sources & set(only_from)


class MoveDetails(NamedTuple):
    """A move that a person's file or answers bring about, as `try_move` takes it.

    Attributes:
        only_from: the statuses that the import may have now.
        user_id: who uploaded the file, or answered.
        told: of that, for the import's history.
        condition: on the import, that must hold, too.
    """

    only_from: Collection[Status]
    user_id: int | None = None
    told: Mapping[str, Any] | None = None
    condition: ColumnElement[bool] | None = None


def try_move(
    session: Session,
    import_id: str,
    target: Status,
    *,
    only_from: Collection[Status] | None = None,
    condition: ColumnElement[bool] | None = None,
    reason: Reason | None = None,
    detail: str = "",
    user_id: int | None = None,
    told: Mapping[str, Any] | None = None,
    **values: Any,
) -> bool:
    """Move the status where the table allows it from the one that the database holds now.

    The same statement writes the event into the import's history.

    Args:
        only_from: the statuses to move from, where these are fewer than the table allows.
        condition: on the import, that must hold, too.
        reason: why; its sentence is stored with it. None keeps the reason that is stored, unless the import goes
            on: then that is forgotten.
        detail: fills the sentence's `{detail}`.
        user_id: who did it; None: nobody, or whoever is at the command line.
        told: details of the event.
        values: other columns of the import to write in the same statement.

    Returns:
        Whether the import was moved; False also where there is no such import.
    """
    if reason is not None:
        values |= {"reason_code": reason, "reason": REASONS[reason].format(detail=shortened(detail))}
    details = dict(told or {})
    if reason not in (None, Reason.BY_PERSON):
        details["reason"] = values["reason"]
    moved = _moved(import_id, target, _sources(target, only_from), condition, values)
    event = event_of_move(moved, target, user_id, details, is_by_person=reason is Reason.BY_PERSON)
    kept = select(moved.c.sequence, kept_events(moved.c.sequence)).add_cte(event.cte("event"))
    found = session.execute(kept).one_or_none()
    if found is not None and found[1] >= MOST_EVENTS:
        fold(session, found[0])
    return found is not None


def _moved(
    import_id: str,
    target: Status,
    sources: Collection[Status],
    condition: ColumnElement[bool] | None,
    values: Mapping[str, Any],
) -> CTE:
    """Moves the import; has its `sequence` and its status before, the `source`, where that was one of these."""
    of_target: dict[str, Any] = {"status": target}
    if target in DISPATCHED:
        of_target |= {"reason_code": None, "reason": None, "pause_told_at": None}
    if target is Status.RUNNING:
        of_target["timed_until"] = func.clock_timestamp()
    if target in ENDED:
        of_target["finished_at"] = func.now()
    found = select(imports.c.id, imports.c.status).where(
        imports.c.id == import_id, imports.c.status.in_(sources), imports.c.deleted_at.is_(None)
    )
    source = (found if condition is None else found.where(condition)).with_for_update().cte("source")
    wanted = update(imports).where(imports.c.id == source.c.id).values({**of_target, **values})
    return wanted.returning(imports.c.sequence, source.c.status.label("source")).cte("moved")


def still_answered(answers: Mapping[str, Any] | None) -> ColumnElement[bool]:
    """Whether nobody has answered questions about the import's file since these answers were read."""
    stored = imports.c.answers
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
