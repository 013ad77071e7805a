"""What an import has come to, as data: one answer for pages, the title of the tab, the API and commands.

A status says what an import is doing. Its outcome also says how that turned out: an import of which every row
failed is completed, and nothing of it is imported.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from importer.statuses import Reason, Status


class Outcome(StrEnum):
    """What an import has come to; while it has not ended, that is its status."""

    UPLOADING = "uploading"
    CONVERTING = "converting"
    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    SOME_FAILED = "completed_with_failed_rows"
    NOTHING_IMPORTED = "nothing_imported"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    REFUSED = "refused"
    BROKE_OFF = "upload_broke_off"


class Tone(StrEnum):
    """How good it is; pages draw it as a colour, always beside the words."""

    GOOD = "good"
    PARTLY = "warn"
    BAD = "bad"
    BUSY = "info"
    QUIET = "quiet"


class Telling(NamedTuple):
    """How an outcome is told.

    Attributes:
        words: a few, for a badge; `{failed}` is the number of failed rows.
        sentence: what happened; `{failed_rows}` is that number with its noun, as in “1 row”.
    """

    words: str
    tone: Tone
    sentence: str


TELLINGS: dict[Outcome, Telling] = {
    Outcome.UPLOADING: Telling("Uploading", Tone.BUSY, "The file is on its way to the server."),
    Outcome.CONVERTING: Telling(
        "Converting", Tone.BUSY, "The file has arrived and is being made into lines that rows can be read from."
    ),
    Outcome.WAITING: Telling(
        "Waiting for answers",
        Tone.PARTLY,
        "The file has arrived. Questions about it are to be answered before its rows are read.",
    ),
    Outcome.QUEUED: Telling("Queued", Tone.BUSY, "The file has arrived and waits for its turn to be read."),
    Outcome.RUNNING: Telling("Running", Tone.BUSY, "Rows are being read, checked and saved."),
    Outcome.PAUSING: Telling(
        "Pausing", Tone.PARTLY, "No more rows are read; those that were read already are being finished."
    ),
    Outcome.PAUSED: Telling("Paused", Tone.PARTLY, "No row is being worked on. Resume goes on with the next row."),
    Outcome.CANCELLING: Telling(
        "Cancelling", Tone.QUIET, "Rows that wait to be imported are taken away; nothing more is saved."
    ),
    Outcome.COMPLETED: Telling("Completed", Tone.GOOD, "Every row of the file is imported."),
    Outcome.SOME_FAILED: Telling(
        "Completed, {failed} failed", Tone.PARTLY, "{failed_rows} failed. Every other row of the file is imported."
    ),
    Outcome.NOTHING_IMPORTED: Telling(
        "Nothing imported", Tone.BAD, "No row of the file is imported. {failed_rows} failed."
    ),
    Outcome.CANCELLED: Telling(
        "Cancelled",
        Tone.QUIET,
        "A person cancelled the import before the end of the file. What was imported stays.",
    ),
    Outcome.STOPPED: Telling("Stopped", Tone.BAD, "The import could not go on. What was imported stays."),
    Outcome.REFUSED: Telling("Refused", Tone.BAD, "The file was refused. No row of it is imported."),
    Outcome.BROKE_OFF: Telling(
        "Upload broke off", Tone.BAD, "The file did not arrive whole. No row of it is imported."
    ),
}

REFUSALS = frozenset({Reason.FILE_REFUSED, Reason.NO_ROWS, Reason.CONVERSION_FAILED})
"""Why an import stops before the first row because of its file."""


class Step(StrEnum):
    """What the one button of an import that has ended says to do next."""

    REPAIR = "repair"
    RECORDS = "records"
    ANOTHER = "another"


NOT_TAKEN = frozenset({Outcome.REFUSED, Outcome.BROKE_OFF})
"""The file never became rows."""


def outcome_of(status: Status, reason_code: str | None, *, imported: int, failed: int) -> Outcome:
    """What an import has come to, by its status, the reason for it, and its rows."""
    if status == Status.COMPLETED:
        if not imported:
            return Outcome.NOTHING_IMPORTED
        return Outcome.SOME_FAILED if failed else Outcome.COMPLETED
    if status == Status.STOPPED:
        if reason_code in REFUSALS:
            return Outcome.REFUSED
        return Outcome.BROKE_OFF if reason_code == Reason.UPLOAD_BROKE_OFF else Outcome.STOPPED
    return Outcome(status)


def words_of(outcome: Outcome, *, failed: int) -> str:
    """An outcome in a few words, such as “Completed, 4,900 failed”."""
    return TELLINGS[outcome].words.format(failed=f"{failed:,}")


def sentence_of(outcome: Outcome, *, failed: int) -> str:
    """What happened, in one or two short sentences."""
    return TELLINGS[outcome].sentence.format(failed_rows=rows(failed))


def tone_of(outcome: Outcome, reason_code: str | None) -> Tone:
    """How good it is; a pause that no person asked for is bad."""
    if outcome is Outcome.PAUSED and reason_code not in (None, Reason.BY_PERSON):
        return Tone.BAD
    return TELLINGS[outcome].tone


def next_step(*, repairable_rows: int, records: int) -> Step:
    """What to do next after an import that has ended.

    Args:
        repairable_rows: failed rows that can be tried again.
        records: rows that were imported and whose records can be looked at.
    """
    if repairable_rows:
        return Step.REPAIR
    return Step.RECORDS if records else Step.ANOTHER


def rows(count: int) -> str:
    """A number of rows, such as “1 row” or “4,900 rows”."""
    return f"{count:,} {'row' if count == 1 else 'rows'}"
