"""The history of an import: one line for each thing that happened to it.

A line holds who, when, and a few numbers and words; never a cell. Where an import has `MOST_EVENTS` lines, one of
a kind that repeats takes the place of the one before, and says how many it stands for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Insert,
    Integer,
    ScalarSelect,
    Select,
    Table,
    case,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.orm import Session

from importer.lifecycle.event_kinds import (
    BY_PEOPLE,
    GATHERED,
    NOBODY_KNOWN,
    ONCE,
    EventKind,
    in_words,
    kind_of_move,
)
from importer.models import Event, Import, User
from importer.models.json_values import Json, writable
from importer.statuses import TRANSITIONS, Status

MOST_EVENTS = 500
GATHERED_MINUTES = 10
"""What one person does row by row is one line for so long."""

DETAIL_CHARS = 500

LARGEST_EVENT = 2**63 - 1
"""No id of an event is larger."""

RECORD = text("""
WITH latest AS (
    SELECT id, kind, user_id, at FROM events WHERE import_sequence = :sequence ORDER BY id DESC LIMIT 1
), gathered AS (
    UPDATE events SET details = jsonb_set(details, '{rows}', to_jsonb((details ->> 'rows')::bigint + :rows))
    FROM latest
    WHERE events.id = latest.id AND :is_gathered AND latest.kind = :kind
        AND latest.user_id IS NOT DISTINCT FROM :user_id
        AND latest.at > clock_timestamp() - make_interval(mins => :minutes)
    RETURNING events.id
), written AS (
    INSERT INTO events (import_sequence, kind, user_id, details)
    SELECT imports.sequence, :kind, CAST(:user_id AS integer), CAST(:details AS jsonb) || CASE
        WHEN :is_by_person THEN
            jsonb_build_object('by', COALESCE((SELECT email FROM users WHERE id = :user_id), :nobody_known))
        ELSE '{}' END
    FROM imports
    WHERE imports.sequence = :sequence AND imports.deleted_at IS NULL AND NOT EXISTS (SELECT FROM gathered)
)
SELECT count(*) FROM (SELECT FROM events WHERE import_sequence = :sequence LIMIT :most) AS kept
""")

FOLD = text("""
WITH known AS (
    SELECT id, kind, details, max(id) OVER (PARTITION BY kind) AS latest, count(*) OVER () AS kept
    FROM events WHERE import_sequence = :sequence
), superfluous AS (
    SELECT id FROM known WHERE id < latest AND kind <> ALL(:once)
    ORDER BY id DESC LIMIT GREATEST((SELECT max(kept) FROM known) - :most, 0)
), folded AS (
    DELETE FROM events USING superfluous WHERE events.id = superfluous.id RETURNING events.id
), gained AS (
    SELECT known.latest, sum(1 + COALESCE((known.details ->> 'more')::int, 0)) AS more
    FROM known JOIN folded ON folded.id = known.id GROUP BY known.latest
)
UPDATE events SET details = details
    || jsonb_build_object('more', COALESCE((details ->> 'more')::int, 0) + gained.more)
FROM gained WHERE events.id = gained.latest
""")

events = cast(Table, Event.__table__)


class HistoryLine(NamedTuple):
    """An event as people read it.

    Attributes:
        by: the e-mail address of who did it, or “the command line”; None: nobody did.
        more: so many earlier events of its kind are not kept.
        details: the numbers and words of its sentence.
    """

    id: int
    kind: str
    at: datetime
    by: str | None
    sentence: str
    more: int
    details: dict[str, Any]

    @property
    def answers(self) -> list[tuple[str, str]]:
        """Each question that was answered, and what was said."""
        return [(question, answer) for question, answer in self.details.get("answers", ())]

    def as_dict(self) -> dict[str, Any]:
        return {**self._asdict(), "at": self.at.isoformat()}


def record_in(
    session: Session, import_: Import, kind: EventKind, user_id: int | None = None, **details: Any
) -> None:
    """Write an event into an import's history; it takes effect with the caller's transaction.

    Args:
        user_id: who did it; None: nobody, or of kinds that a person always does the command line.
        details: what its sentence names, such as `rows`. No cells: they are kept elsewhere, and deleted there.
    """
    kept = session.execute(
        RECORD,
        {
            "sequence": import_.sequence,
            "kind": kind.value,
            "user_id": user_id,
            "details": as_json(details),
            "is_by_person": kind in BY_PEOPLE,
            "is_gathered": kind in GATHERED,
            "rows": details.get("rows", 0),
            "minutes": GATHERED_MINUTES,
            "nobody_known": NOBODY_KNOWN,
            "most": MOST_EVENTS,
        },
    ).scalar_one()
    if kept >= MOST_EVENTS:
        fold(session, import_.sequence)


def as_json(details: Mapping[str, Any]) -> str:
    """Details as the database keeps them: texts are cut, and hold nothing that it refuses."""
    return json.dumps(writable({name: _cut(detail) for name, detail in details.items()}))


def _cut(detail: Any) -> Any:
    if isinstance(detail, str) and len(detail) > DETAIL_CHARS:
        return f"{detail[: DETAIL_CHARS - 1]}…"
    return [_cut(one) for one in detail] if isinstance(detail, list | tuple) else detail


def event_of_move(
    moved: CTE, target: Status, user_id: int | None, details: Mapping[str, Any], *, is_by_person: bool
) -> Insert:
    """Writes the event of each import that a statement moves, within that statement.

    Args:
        moved: the imports that it moves, with their `sequence`, and the `source`, which is the status before.
        user_id: who did it.
        is_by_person: whether somebody did it whatever the kind, be it at the command line.
    """
    kinds = {source: kind_of_move(source, target) for source in Status if (source, target) in TRANSITIONS}
    kind = case({source.value: kind.value for source, kind in kinds.items()}, value=moved.c.source)
    kept: ColumnElement[Any] = literal(json.loads(as_json(details)), Json)
    if is_by_person or BY_PEOPLE & set(kinds.values()):
        kept = case((literal(is_by_person) | kind.in_(BY_PEOPLE), kept.op("||")(_by(user_id))), else_=kept)
    columns = [events.c.import_sequence, events.c.kind, events.c.user_id, events.c.details]
    return insert(events).from_select(columns, select(moved.c.sequence, kind, literal(user_id, Integer), kept))


def _by(user_id: int | None) -> ColumnElement[Any]:
    email = select(User.email).where(User.id == user_id).scalar_subquery()
    return func.jsonb_build_object("by", func.coalesce(email, NOBODY_KNOWN))


def kept_events(sequence: ColumnElement[int]) -> ScalarSelect[int]:
    """How many events an import has, counted no further than `MOST_EVENTS`."""
    some: Select[Any] = select(literal_column("1")).where(events.c.import_sequence == sequence).limit(MOST_EVENTS)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def fold(session: Session, sequence: int) -> None:
    """Where an import has more events than are kept, let the latest of a kind stand for those before it.

    The first ones stay: how it began is told in full.
    """
    session.execute(FOLD, {"sequence": sequence, "once": [kind.value for kind in ONCE], "most": MOST_EVENTS})


def events_of(
    session: Session, import_: Import, *, limit: int, before: int = LARGEST_EVENT
) -> tuple[list[HistoryLine], bool]:
    """The latest events of an import, the latest first, and whether there are earlier ones.

    Args:
        before: only events with a lower id.
    """
    wanted = select(Event.id, Event.kind, Event.at, Event.details)
    earlier = wanted.where(Event.import_sequence == import_.sequence, Event.id < before)
    found = session.execute(earlier.order_by(Event.id.desc()).limit(limit + 1)).all()
    return [_line(*row) for row in found[:limit]], len(found) > limit


def _line(id_: int, kind: str, at: datetime, details: dict[str, Any]) -> HistoryLine:
    told = dict(details)
    by, more = told.get("by"), told.pop("more", 0)
    return HistoryLine(id_, kind, at, by, in_words(kind, told), more, told)


def delete_events(connection: Connection, sequence: int) -> bool:
    """Delete the history of an import, which is short; say whether there was one."""
    return connection.execute(delete(Event).where(Event.import_sequence == sequence)).rowcount > 0
