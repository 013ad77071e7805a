"""Reports on imports: which of them a person may see, their counts, and all of it as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from importer.control.repeats import open_questions
from importer.errors import UnknownImportError
from importer.files.cells.outcomes import ALTERATIONS
from importer.ledger.alterations import alterations_of
from importer.models import Import, User
from importer.outcomes import Outcome, Tone, outcome_of, sentence_of, tone_of, words_of
from importer.queue import checkpoint
from importer.queue.checkpoint import Checkpoint
from importer.services import Services
from importer.statuses import DISPATCHED, ENDED_EARLY, UNFINISHED, Status


@dataclass(frozen=True)
class Report:
    """An import as API, CLI and pages show it; rows are counts, times are ISO 8601 in UTC.

    Attributes:
        outcome: what it has come to (`importer.outcomes`).
        summary: the same in a few words; `meaning` in a sentence or two.
        total_rows: None until the file was read to its end.
        estimated_rows: the total, or an estimate from the bytes read so far; None before the first row.
        empty_cells_kept, empty_cells_cleared: cells without a value, where a record keeps or loses the one it has.
        blank_rows: lines without any value, which are no rows.
        dropped_rows: dispatched but neither imported nor failed when the import was cancelled or stopped.
        kept_until: until when its rows that were not imported can be downloaded; None: they cannot.
        read_to_end: whether the dispatcher has seen the end of the file.
        seconds_running: what its rows have taken, without pauses and waiting.
        rows_per_second: the average of that time.
        seconds_left: at that average; None where it is not known.
    """

    id: str
    status: str
    outcome: str
    summary: str
    meaning: str
    reason_code: str | None
    reason: str | None
    record_type: str
    filename: str
    size_bytes: int | None
    created_by: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    kept_until: str | None
    total_rows: int | None
    estimated_rows: int | None
    dispatched_rows: int
    ended_rows: int
    imported_rows: int
    created_rows: int
    updated_rows: int
    unchanged_rows: int
    superseded_rows: int
    failed_rows: int
    empty_cells_kept: int
    empty_cells_cleared: int
    blank_rows: int
    dropped_rows: int
    read_to_end: bool
    progress: float
    seconds_running: float
    rows_per_second: float | None
    seconds_left: float | None

    @property
    def ended_early(self) -> bool:
        return self.status in ENDED_EARLY

    @property
    def undone_rows(self) -> int | None:
        """Rows that were neither imported nor have failed; an estimate where the file was not read to its end."""
        return None if self.estimated_rows is None else self.estimated_rows - self.ended_rows

    @property
    def tone(self) -> Tone:
        return tone_of(Outcome(self.outcome), self.reason_code)

    @property
    def percent(self) -> int | None:
        """Of its rows, how many have ended; None while nobody knows how many there are."""
        return None if self.estimated_rows is None else int(self.progress * 100)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def visible_imports(user: User) -> Select[Import]:
    """Every import that this person may see, the latest first."""
    wanted = select(Import).where(Import.deleted_at.is_(None)).order_by(Import.sequence.desc())
    return wanted if user.is_admin else wanted.where(Import.created_by == user.id)


def find_import(session: Session, user: User, import_id: str) -> Import:
    """One import.

    Raises:
        UnknownImportError: there is none, or it is somebody else's: an operator cannot tell which.
    """
    import_ = session.scalar(visible_imports(user).where(Import.id == import_id))
    if import_ is None:
        raise UnknownImportError(f"There is no import {import_id!r}, or it is not yours.")
    return import_


def creators(session: Session, imports: Sequence[Import]) -> dict[int, str]:
    """E-mail addresses of those who started these imports, by user id."""
    ids = {import_.created_by for import_ in imports if import_.created_by is not None}
    if not ids:
        return {}
    found = session.execute(select(User.id, User.email).where(User.id.in_(ids)))
    return {user_id: email for user_id, email in found}  # noqa: C416 - dict() takes a result for a mapping


def report(session: Session, services: Services, import_: Import) -> Report:
    """The report on one import; while Redis is away, the rows dispatched are those that Postgres knows of."""
    return reports(session, services, [import_])[0]


def reports(session: Session, services: Services, imports: Sequence[Import]) -> list[Report]:
    """The reports on several imports, as `report`; Redis is asked once for all of them."""
    emails = creators(session, imports)
    reached = _reached(services, imports)
    return [_report(one, reached.get(one.id), emails.get(one.created_by or 0)) for one in imports]


def _reached(services: Services, imports: Sequence[Import]) -> dict[str, Checkpoint]:
    """How far the files have been read that are not read to their end, by import."""
    being_read = UNFINISHED | {Status.CANCELLING}
    wanted = [one.id for one in imports if one.total_rows is None and one.status in being_read]
    try:
        return checkpoint.read_several(services.redis, wanted)
    except RedisError:
        return {}


def about_the_file(session: Session, import_: Import) -> dict[str, Any]:
    """How its file is read, which of its columns are not, and what is read otherwise than it stands: what is told
    of one import, not of a list."""
    return {
        "profile": None if import_.converted_etag else import_.profile,  # else it says how the lines are written
        "conversion": conversion_of(import_),
        "column_count": len(import_.header or []),
        "columns": columns_of(import_)[:MAX_COLUMNS],
        "ignored_columns": ignored_columns(import_)[:MAX_COLUMNS],
        "warnings": warnings_of(import_),
        "mapping": import_.mapping,
        "questions": [question.as_json() for question in open_questions(import_)],
        "answers": import_.answers or {},
        "layout": (import_.layout or {}).get("name"),
        "save_layout": (import_.save_layout or {}).get("name"),
        "alterations": alterations(session, import_),
    }


def warnings_of(import_: Import) -> list[str]:
    """What was noticed of its file, in words: that it was imported before, what its conversion and its first look
    found."""
    repeat = [import_.repeats["told"]] if import_.repeats else []
    return [*repeat, *(import_.conversion or {}).get("told", ()), *(import_.profile or {}).get("warnings", ())]


def conversion_of(import_: Import) -> dict[str, Any] | None:
    """What its file was before it was converted: the kind, the table chosen, and what a person would not see.

    None where it is read as it is.
    """
    made = import_.conversion
    return {name: made.get(name) for name in ("kind", "table", "told")} if made and "kind" in made else None


def columns_of(import_: Import) -> list[dict[str, Any]]:
    """The columns of its file, each with the field that it fills."""
    pairs = zip(import_.header or [], import_.columns or [], strict=False)
    return [{"name": shortened(name), "field": field} for name, field in pairs]


def shortened(name: str) -> str:
    """The name of a column as it is told: hostile ones are as long as a header may be."""
    return name if len(name) <= MAX_NAME_CHARS else name[: MAX_NAME_CHARS - 1] + "…"


def alterations(session: Session, import_: Import) -> list[dict[str, Any]]:
    """What was read otherwise than it stands in the file: a field and a kind in each, with examples, the most
    frequent ones first.

    The field is empty where whole rows are concerned; an example's `after` is None where the cell counts as empty.
    """
    return [
        {
            "field": found.field,
            "kind": found.kind,
            "meaning": ALTERATIONS.get(found.kind, found.kind),  # a later release may know more kinds
            "count": found.count,
            "examples": [dict(zip(EXAMPLE, example, strict=True)) for example in found.examples],
        }
        for found in alterations_of(session, import_, most=MAX_ALTERATIONS)
    ]


MAX_COLUMNS = 1000
"""Columns that are told by name; all are counted."""

MAX_NAME_CHARS = 100

MAX_ALTERATIONS = 100
"""Fields and kinds that are told; of hostile cells each has 12 KB of examples in JSON."""

EXAMPLE = ("row_number", "before", "after")


def ignored_columns(import_: Import) -> list[str]:
    """Columns of the file that its record type does not have; those without a name are told by their number."""
    pairs = zip(import_.header or [], import_.columns or [], strict=False)
    return [
        shortened(name) if name.strip() else f"column {number}, without a name"
        for number, (name, column) in enumerate(pairs, 1)
        if column is None
    ]


def _report(import_: Import, reached: Checkpoint | None, creator: str | None) -> Report:
    known = (reached.row_number, reached.offset) if reached else (import_.dispatched_rows, import_.read_bytes)
    dispatched = max(known[0], import_.ended_rows)
    estimated = _estimate(import_, dispatched, known[1])
    rate = import_.ended_rows / import_.seconds_running if import_.seconds_running else 0.0
    left = (estimated - import_.ended_rows) / rate if rate and estimated and import_.status in DISPATCHED else None
    return Report(
        **{name: getattr(import_, name) for name in STORED_FIELDS},
        **_outcome(import_),
        created_by=creator,
        created_at=import_.created_at.isoformat(),
        started_at=_iso(import_.started_at),
        finished_at=_iso(import_.finished_at),
        kept_until=_iso(import_.kept_until),
        estimated_rows=estimated,
        dispatched_rows=dispatched,
        dropped_rows=dispatched - import_.ended_rows if import_.status in ENDED_EARLY else 0,
        read_to_end=import_.total_rows is not None,
        progress=_progress(import_, estimated),
        seconds_running=round(import_.seconds_running, 1),
        rows_per_second=round(rate, 1) if rate else None,
        seconds_left=round(max(left, 0.0), 1) if left is not None else None,
    )


def _outcome(import_: Import) -> dict[str, Any]:
    failed = import_.failed_rows
    outcome = outcome_of(
        Status(import_.status), import_.reason_code, imported=import_.imported_rows, failed=failed
    )
    return {
        "outcome": outcome.value,
        "summary": words_of(outcome, failed=failed),
        "meaning": sentence_of(outcome, failed=failed),
    }


STORED_FIELDS = (
    *("id", "status", "reason_code", "reason", "record_type", "filename", "size_bytes"),
    *("total_rows", "ended_rows", "imported_rows", "created_rows", "updated_rows", "unchanged_rows"),
    *("superseded_rows", "failed_rows", "empty_cells_kept", "empty_cells_cleared", "blank_rows"),
)
"""Fields of a report that are taken from the import as they are."""


def _estimate(import_: Import, dispatched: int, offset: int | None) -> int | None:
    if import_.total_rows is not None:
        return import_.total_rows
    read = (offset or 0) - import_.rows_offset
    whole = import_.converted_bytes or import_.size_bytes
    if not dispatched or read <= 0 or not whole:
        return None
    return max(dispatched, round(dispatched * (whole - import_.rows_offset) / read))


def _progress(import_: Import, estimated: int | None) -> float:
    """Between 0 and 1; 1 only when every row has ended."""
    if import_.status == Status.COMPLETED:
        return 1.0
    return min(import_.ended_rows / estimated, 0.999) if estimated else 0.0


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
