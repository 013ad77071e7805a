"""Whether anything of an import's failed rows may have changed: what is counted through all of them is kept until
then.

Whatever writes to `failed_rows` writes to one of three other places in the same transaction: a batch and a portion
of retries move the import's row, a person's deed is an event, and a portion of a repair moves the counts of that.
Only a broken record type takes retries back without; then fewer rows wait for theirs.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

FINGERPRINT = text("""
SELECT CAST(xmin AS text),
    (SELECT concat(id, ' ', xmin) FROM events WHERE import_sequence = :sequence ORDER BY id DESC LIMIT 1),
    (SELECT concat(max(id), ' ', sum(changed_rows + unchanged_rows)) FROM repairs
        WHERE import_sequence = :sequence),
    (SELECT count(*) FROM failed_rows WHERE import_sequence = :sequence AND retry_requested_at IS NOT NULL)
FROM imports WHERE sequence = :sequence
""")

Fingerprint = tuple[Any, ...]


def fingerprint_of(session: Session, sequence: int) -> Fingerprint:
    """What differs once anything of an import's failed rows has changed."""
    return tuple(session.execute(FINGERPRINT, {"sequence": sequence}).one())
