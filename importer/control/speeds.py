"""How fast an import went, as it ran: rows per second between one look and the next."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from importer.ledger.rates import Point, points_of
from importer.lifecycle.event_kinds import EventKind
from importer.models import Event, Import
from importer.statuses import Status

LEAST_SECONDS = 1.0
"""A look that follows another one sooner is left out: so few batches have ended meanwhile."""


class Speed(NamedTuple):
    """Rows per second in a part of the time for which an import has run, pauses and waiting left out.

    Attributes:
        begin, end: seconds of that time.
    """

    begin: float
    end: float
    imported: float
    failed: float


def speeds_of(session: Session, import_: Import) -> list[Speed]:
    """How fast an import went, in order; nothing where it has not run."""
    points = list(_apart([Point(0.0, 0, 0), *points_of(session, import_)]))
    last = _last(session, import_)
    if last.seconds - points[-1].seconds < LEAST_SECONDS and len(points) > 1:
        points.pop()
    return [_between(one, other) for one, other in pairwise([*points, last]) if other.seconds > one.seconds]


def _apart(points: list[Point]) -> Iterator[Point]:
    reached = float("-inf")
    for point in points:
        if point.seconds - reached >= LEAST_SECONDS:
            reached = point.seconds
            yield point


def _last(session: Session, import_: Import) -> Point:
    """How it stands; of a completed import as it was then, since rows are tried again later."""
    if import_.status == Status.COMPLETED:
        wanted = select(Event.details).where(Event.import_sequence == import_.sequence)
        ended = session.scalar(wanted.where(Event.kind == EventKind.COMPLETED).order_by(Event.id).limit(1))
        if ended is not None:
            return Point(ended["seconds"], ended["imported"], ended["failed"])
    return Point(import_.seconds_running, import_.imported_rows, import_.failed_rows)


def _between(one: Point, other: Point) -> Speed:
    """Fewer failed rows than before are rows that were tried again: they count as imported, not against failed."""
    seconds = other.seconds - one.seconds
    imported, failed = max(other.imported - one.imported, 0), max(other.failed - one.failed, 0)
    return Speed(one.seconds, other.seconds, imported / seconds, failed / seconds)
