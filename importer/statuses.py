"""The statuses of an import and every move between them, as data.

Nothing else decides what may follow what: `importer.lifecycle.transitions` refuses every move that is not in
`TRANSITIONS`, and the one SQL statement that moves a status by itself (`importer.ledger.counters`) is held against
this table by a test.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """What an import is doing."""

    UPLOADING = "uploading"
    CONVERTING = "converting"
    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    STOPPED = "stopped"


TRANSITIONS: dict[tuple[Status, Status], str] = {
    (Status.UPLOADING, Status.QUEUED): "the file has arrived, and how to read it is certain",
    (Status.UPLOADING, Status.CONVERTING): "the file has arrived, and cannot be read as it is",
    (Status.UPLOADING, Status.WAITING): "the file has arrived, and a person has to say how to read it",
    (Status.CONVERTING, Status.QUEUED): "the file is converted, and how to read it is certain",
    (Status.CONVERTING, Status.WAITING): "the file is converted, and a person has to say how to read it",
    (Status.CONVERTING, Status.STOPPED): "the file cannot be converted, or was refused",
    (Status.CONVERTING, Status.CANCELLING): "a person cancelled during the conversion",
    (Status.WAITING, Status.WAITING): "some questions are answered, and others are left",
    (Status.WAITING, Status.QUEUED): "every question is answered",
    (Status.WAITING, Status.CONVERTING): "a person chose another sheet or another way to read the file",
    (Status.WAITING, Status.STOPPED): "the file in S3 changed or vanished",
    (Status.WAITING, Status.CANCELLING): "a person cancelled instead of answering",
    (Status.UPLOADING, Status.STOPPED): "the upload broke off or the file was refused",
    (Status.UPLOADING, Status.CANCELLING): "a person cancelled during the upload",
    (Status.QUEUED, Status.RUNNING): "a dispatcher took the import up",
    (Status.QUEUED, Status.PAUSING): "a person paused, too many rows failed, or the record type is broken",
    (Status.RUNNING, Status.PAUSING): "a person paused, too many rows failed, or the record type is broken",
    (Status.PAUSING, Status.PAUSED): "the dispatcher has left and the queued rows are finished",
    (Status.PAUSING, Status.QUEUED): "a person resumed before the queued rows were finished",
    (Status.PAUSED, Status.QUEUED): "a person resumed",
    (Status.QUEUED, Status.CANCELLING): "a person cancelled",
    (Status.RUNNING, Status.CANCELLING): "a person cancelled",
    (Status.PAUSING, Status.CANCELLING): "a person cancelled",
    (Status.PAUSED, Status.CANCELLING): "a person cancelled",
    (Status.CANCELLING, Status.CANCELLED): "the queued rows are dropped",
    (Status.QUEUED, Status.COMPLETED): "the counters add up to the rows of the file",
    (Status.RUNNING, Status.COMPLETED): "the counters add up to the rows of the file",
    (Status.PAUSING, Status.COMPLETED): "the counters add up to the rows of the file",
    (Status.PAUSED, Status.COMPLETED): "the counters add up to the rows of the file",
    (Status.QUEUED, Status.STOPPED): "the file in S3 changed or vanished, or cannot be read on",
    (Status.RUNNING, Status.STOPPED): "the file in S3 changed or vanished, or cannot be read on",
}

DISPATCHED = frozenset({Status.QUEUED, Status.RUNNING})
"""A dispatcher reads the file of such an import."""

AT_WORK = frozenset({Status.RUNNING, Status.PAUSING})
"""Workers are at the rows of such an import: the time that this takes is kept."""

UNFINISHED = frozenset({Status.QUEUED, Status.RUNNING, Status.PAUSING, Status.PAUSED})
"""The file has arrived, and rows of it may still have to be dispatched or to end."""

TAKES_ROWS = UNFINISHED | {Status.COMPLETED}
"""A row job of such an import may take effect; of a completed import, only that of a retried row."""

ENDED = frozenset({Status.CANCELLED, Status.COMPLETED, Status.STOPPED})
"""No move leads out of these."""

ENDED_EARLY = frozenset({Status.CANCELLING, Status.CANCELLED, Status.STOPPED})
"""Rows of such an import may have been dropped: they were dispatched and took no effect."""

CANCELLABLE = frozenset(source for source, target in TRANSITIONS if target is Status.CANCELLING)
PAUSABLE = frozenset(source for source, target in TRANSITIONS if target is Status.PAUSING)
RESUMABLE = frozenset({Status.PAUSING, Status.PAUSED})


class Reason(StrEnum):
    """Why an import was paused, cancelled or stopped; the sentence for people is in `REASONS`."""

    BY_PERSON = "by_person"
    TOO_MANY_FAILED = "too_many_failed"
    RECORD_TYPE_BROKEN = "record_type_broken"
    UPLOAD_BROKE_OFF = "upload_broke_off"
    FILE_REFUSED = "file_refused"
    OBJECT_CHANGED = "object_changed"
    OBJECT_MISSING = "object_missing"
    NO_ROWS = "no_rows"
    DISPATCHER_FAILED = "dispatcher_failed"
    CONVERSION_FAILED = "conversion_failed"


REASONS: dict[Reason, str] = {
    Reason.BY_PERSON: "By {detail}.",
    Reason.TOO_MANY_FAILED: "Too many rows failed. Look at their reasons; resuming allows as many again.",
    Reason.RECORD_TYPE_BROKEN: "The record type's code or table is wrong: {detail} Mend it, deploy, and resume.",
    Reason.UPLOAD_BROKE_OFF: "{detail}",
    Reason.FILE_REFUSED: "{detail}",
    Reason.OBJECT_CHANGED: "{detail}",
    Reason.OBJECT_MISSING: "{detail}",
    Reason.NO_ROWS: "The file has a header but no rows.",
    Reason.CONVERSION_FAILED: "{detail}",
    Reason.DISPATCHER_FAILED: "The dispatcher failed again and again: {detail} Its traceback is in rq-dashboard.",
}
