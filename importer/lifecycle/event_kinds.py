"""The kinds of events in an import's history, as data: what each says to people, and which move makes which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from importer.statuses import Status


class EventKind(StrEnum):
    """What happened. A move to a status is called by it, where nothing else is said in `MOVES`."""

    UPLOADED = "uploaded"
    CONVERTED = "converted"
    ASKED = "asked"
    ANSWERED = "answered"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    RESUMED = "resumed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    STOPPED = "stopped"
    RETRIED = "retried"
    CHOSEN_RETRIED = "chosen_retried"
    CORRECTED = "corrected"
    REPAIRED = "repaired"
    REMEMBERED = "remembered"
    RETURNED = "returned"
    DISCARDED = "discarded"
    WORKER_DIED = "worker_died"
    DISPATCHER_DIED = "dispatcher_died"
    CONVERTER_DIED = "converter_died"
    REWOUND = "rewound"
    DELETED = "deleted"


NOBODY_KNOWN = "the command line"
"""Who did something, where no account did."""


class Wording(NamedTuple):
    """What is said of an event; names in braces are those of its details.

    Attributes:
        sentence: where `{by}` is in it, a person did it, or whoever was at the command line.
        alone: said instead where no person did it; None: a person always does it, or nobody ever.
    """

    sentence: str
    alone: str | None = None


COUNTED = {"rows": "row", "lines": "line", "questions": "question"}
"""What a number of details counts, by its name."""

LONG_SECONDS = 180
"""From here on a time is told in minutes."""

WORDINGS: dict[EventKind, Wording] = {
    EventKind.UPLOADED: Wording("Uploaded by {by}."),
    EventKind.CONVERTED: Wording("The file was converted into {lines}."),
    EventKind.ASKED: Wording("The file left {questions} open."),
    EventKind.ANSWERED: Wording("{questions} answered by {by}."),
    EventKind.QUEUED: Wording("The file waits for its turn."),
    EventKind.RUNNING: Wording("The rows began to be read."),
    EventKind.PAUSING: Wording(
        "Paused by {by}. The rows already read are finished first.", alone="Paused. {reason}"
    ),
    EventKind.PAUSED: Wording("The rows already read are finished. Nothing is queued now."),
    EventKind.RESUMED: Wording("Resumed by {by}."),
    EventKind.CANCELLING: Wording("Cancelled by {by}."),
    EventKind.CANCELLED: Wording("The rows that waited were dropped. What was imported stays."),
    EventKind.COMPLETED: Wording("Completed: {imported} imported, {failed} failed."),
    EventKind.STOPPED: Wording("Stopped. {reason}"),
    EventKind.RETRIED: Wording("{by} had {rows} tried again."),
    EventKind.CHOSEN_RETRIED: Wording("{by} had failed rows of some kind tried again."),
    EventKind.CORRECTED: Wording("{by} corrected {rows} by hand."),
    EventKind.REPAIRED: Wording("{by} began to repair failed rows by a rule."),
    EventKind.REMEMBERED: Wording("{by} had a rule remembered for files like this one."),
    EventKind.RETURNED: Wording("{by} uploaded a file of corrected rows."),
    EventKind.DISCARDED: Wording("{by} discarded failed rows."),
    EventKind.WORKER_DIED: Wording("A worker died or hung. {rows} went back to the queue after {seconds}."),
    EventKind.DISPATCHER_DIED: Wording("Nobody seemed to read the file any more. Reading was taken up again."),
    EventKind.CONVERTER_DIED: Wording("The conversion broke off and began again."),
    EventKind.REWOUND: Wording(
        "Rows that waited were lost from Redis. The file is read again; rows that are done stay as they are."
    ),
    EventKind.DELETED: Wording("Deleted by {by}."),
}

BY_PEOPLE = frozenset(
    kind for kind, wording in WORDINGS.items() if "{by}" in wording.sentence and not wording.alone
)
"""A person always does these, or whoever is at the command line."""

ONCE = frozenset(
    {
        EventKind.UPLOADED,
        EventKind.CANCELLING,
        EventKind.CANCELLED,
        EventKind.COMPLETED,
        EventKind.STOPPED,
        EventKind.DELETED,
    }
)
"""An import has at most one event of each of these; all others may repeat."""

GATHERED = frozenset({EventKind.RETRIED, EventKind.CORRECTED})
"""Of these, what one person does row by row makes one line."""

MOVES: dict[tuple[Status, Status], EventKind] = {
    (Status.UPLOADING, Status.QUEUED): EventKind.UPLOADED,
    (Status.UPLOADING, Status.CONVERTING): EventKind.UPLOADED,
    (Status.UPLOADING, Status.WAITING): EventKind.UPLOADED,
    (Status.CONVERTING, Status.WAITING): EventKind.ASKED,
    (Status.WAITING, Status.WAITING): EventKind.ANSWERED,
    (Status.WAITING, Status.QUEUED): EventKind.ANSWERED,
    (Status.WAITING, Status.CONVERTING): EventKind.ANSWERED,
    (Status.PAUSING, Status.QUEUED): EventKind.RESUMED,
    (Status.PAUSED, Status.QUEUED): EventKind.RESUMED,
}
"""The moves whose event is not called by the status that they lead to."""


def kind_of_move(source: Status, target: Status) -> EventKind:
    """The kind of the event that a move makes."""
    return MOVES.get((source, target)) or EventKind(target.value)


def in_words(kind: str, details: Mapping[str, Any]) -> str:
    """The sentence of an event; a kind that only a later release knows is named."""
    if kind not in set(EventKind):
        return f"{kind.replace('_', ' ').capitalize()}."
    wording = WORDINGS[EventKind(kind)]
    sentence = wording.sentence if wording.alone is None or "by" in details else wording.alone
    told = sentence.format_map(_Words({name: _worded(name, detail) for name, detail in details.items()}))
    return told[0].upper() + told[1:] if told.startswith(NOBODY_KNOWN) else told


class _Words(dict[str, str]):
    """The details of an event; one that another release does not write is a gap."""

    def __missing__(self, name: str) -> str:
        return "…"


def _worded(name: str, detail: Any) -> str:
    """A detail as its sentence has it: counts with what is counted, times with their unit."""
    if name in COUNTED:
        return f"{detail:,} {COUNTED[name]}{'' if detail == 1 else 's'}"
    if name == "seconds":
        return f"{detail / 60:,.0f} min" if detail >= LONG_SECONDS else f"{detail:.0f} s"
    return f"{detail:,}" if isinstance(detail, int) else str(detail)
