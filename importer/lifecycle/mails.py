"""The mails that are still to be sent, from the end of an import to the mail server.

What is to be told stands in the import's own row, so an end and its mail are one statement: `notify` says that
somebody wants to know, the status that there is something to tell. Noting a mail clears it at an end; of a
pause or of open questions `pause_told_at` says that it was told. Whoever sends a mail
claims it first; and just before the server gets its text that is noted, too. Where a process dies before then,
another sends the mail; where it dies after that, nobody sends it again.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, Engine, text

from importer.models import Occasion
from importer.statuses import ENDED, Reason

PATIENCE_SECONDS = 120
"""So long questions about a converted file must wait: who is still at the page needs no mail."""

MOST_NOTED = 100
"""Imports of which a pass notes mails; the next one takes the others."""

NOTE = text("""
WITH due AS (
    SELECT id, created_by, status = ANY(:ended) AS has_ended,
        CASE WHEN status IN ('paused', 'waiting') THEN status ELSE 'ended' END AS occasion,
        CASE
            WHEN status = 'completed' THEN notify = 'always' OR failed_rows > 0
            WHEN status = 'stopped' THEN uploaded_at IS NOT NULL
            WHEN status = 'waiting' THEN NOT EXISTS (
                SELECT FROM mails WHERE mails.import_id = imports.id AND mails.occasion = 'waiting'
            )
            ELSE status = 'paused'
        END AS is_wanted
    FROM imports
    WHERE notify IS NOT NULL AND deleted_at IS NULL AND (
        status = ANY(:ended)
        OR status = 'paused' AND reason_code <> :by_person AND pause_told_at IS NULL
        OR status = 'waiting' AND jsonb_typeof(conversion) = 'object' AND pause_told_at IS NULL
    )
    ORDER BY id
    LIMIT :most
    FOR UPDATE SKIP LOCKED
), noted AS (
    INSERT INTO mails (import_id, user_id, occasion, due_at)
    SELECT id, created_by, occasion,
        now() + CASE WHEN occasion = 'waiting' THEN :patience ELSE 0 END * interval '1 second'
    FROM due
    WHERE created_by IS NOT NULL AND is_wanted
)
UPDATE imports SET notify = CASE WHEN has_ended THEN NULL ELSE notify END, pause_told_at = now()
FROM due
WHERE imports.id = due.id
""")

IS_DUE = text("SELECT EXISTS (SELECT FROM mails WHERE due_at <= now() AND handed_over_at IS NULL)")

CLAIM = text("""
UPDATE mails SET tries = tries + 1, due_at = now() + LEAST(3600, 60 * 2 ^ tries) * interval '1 second'
WHERE id = (
    SELECT id FROM mails
    WHERE due_at <= now() AND handed_over_at IS NULL
    ORDER BY due_at, id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING id, import_id, user_id, occasion, tries
""")

HAND_OVER = text("""
UPDATE mails SET handed_over_at = now() WHERE id = :id AND tries = :tries AND handed_over_at IS NULL
""")

TAKE_BACK = text("UPDATE mails SET handed_over_at = NULL WHERE id = :id AND tries = :tries")

FORGET = text("DELETE FROM mails WHERE id = :id AND tries = :tries")

GIVE_UP = text("""
DELETE FROM mails WHERE noted_at < now() - interval '1 day' AND (due_at <= now() OR handed_over_at IS NOT NULL)
RETURNING import_id, tries, handed_over_at IS NOT NULL AS may_be_sent
""")

GROUPS = text("""
SELECT count(*) AS count, column_name, code FROM failed_rows
WHERE import_sequence = :sequence AND discarded_at IS NULL
GROUP BY column_name, code
ORDER BY count(*) DESC, column_name, code
LIMIT 10
""")


class ClaimedMail(NamedTuple):
    """A mail that this process is to send; a later claim has a higher number of tries."""

    id: int
    import_id: str
    user_id: int
    occasion: Occasion
    tries: int


class UnsentMail(NamedTuple):
    """A mail that is given up."""

    import_id: str
    tries: int
    may_be_sent: bool


def note_mails(connection: Connection) -> None:
    """Note mails about imports of which somebody wants to know that they have ended, were paused by the product,
    or wait for answers after their file was converted."""
    parameters = {"ended": list(ENDED), "by_person": str(Reason.BY_PERSON), "most": MOST_NOTED}
    connection.execute(NOTE, {**parameters, "patience": PATIENCE_SECONDS})


def is_mail_due(connection: Connection) -> bool:
    """Whether some mail is to be sent now."""
    return bool(connection.execute(IS_DUE).scalar_one())


def give_up_old(connection: Connection) -> list[UnsentMail]:
    """Delete mails that could not be sent within a day."""
    return [UnsentMail(*found) for found in connection.execute(GIVE_UP)]


def claim_mail(engine: Engine) -> ClaimedMail | None:
    """The mail that is due longest; it is due again after a while, in case this process dies."""
    with engine.begin() as connection:
        found = connection.execute(CLAIM).one_or_none()
    return None if found is None else ClaimedMail(*found)


def hand_over(engine: Engine, mail: ClaimedMail) -> bool:
    """Note that the mail server gets the mail now; False where somebody else has taken it meanwhile."""
    with engine.begin() as connection:
        return connection.execute(HAND_OVER, {"id": mail.id, "tries": mail.tries}).rowcount == 1


def take_back(engine: Engine, mail: ClaimedMail) -> None:
    """Note that the mail server has refused it, so that it is tried again."""
    with engine.begin() as connection:
        connection.execute(TAKE_BACK, {"id": mail.id, "tries": mail.tries})


def forget_mail(engine: Engine, mail: ClaimedMail) -> None:
    """Delete a mail that is sent, or that nobody is to get, unless somebody else has claimed it meanwhile."""
    with engine.begin() as connection:
        connection.execute(FORGET, {"id": mail.id, "tries": mail.tries})


def groups_of_failed(connection: Connection, sequence: int) -> list[tuple[int, str | None, str]]:
    """The ten largest groups of an import's failed rows: how many, field, code."""
    return [(count, name, code) for count, name, code in connection.execute(GROUPS, {"sequence": sequence})]
