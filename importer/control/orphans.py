"""What Postgres and S3 hold of imports that there are not: after a restored backup, or a row deleted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from importer.control.complaint import Complaint
from importer.ledger.remains import remains
from importer.lifecycle.cleaning import delete_rows_for
from importer.models import Import
from importer.models.imports import OBJECT_PREFIX, import_of_key
from importer.storage.s3 import ObjectEntry, Storage
from importer.storage.trial import KEY as TRIAL_KEY
from importer.time_limits import DOCTOR_DELETES_SECONDS

NAMED = 3
"""So many keys of objects stand in a message."""


def rows_without_import(session: Session) -> Iterator[Complaint]:
    """Whatever the database holds of imports that are gone."""
    for sequence, names in remains(session).items():
        message = f"Import number {sequence} is gone, but there is still something of it: {', '.join(names)}."
        repair = partial(_delete_rows, session, sequence)
        yield Complaint(None, "rows_without_import", message, repair)


def _delete_rows(session: Session, sequence: int) -> None:
    """Delete them to the last: recovery knows nothing of an import that is gone."""
    while not delete_rows_for(session, sequence, DOCTOR_DELETES_SECONDS):
        pass


def objects_without_import(session: Session, storage: Storage) -> Iterator[Complaint]:
    """Files in S3 whose import the database does not know.

    They are only told: the bucket may be shared, and then they are another installation's.

    Raises:
        StorageError: S3 does not answer, or an operator has to act.
    """
    count, size = 0, 0
    named: list[str] = []
    for stored in _unknown_objects(session, storage):
        count, size = count + 1, size + stored.size
        named += [stored.key] if count <= NAMED else []
    if count:
        examples = ", ".join(named) + (", ..." if count > NAMED else "")
        message = (
            f"S3 holds {count:,} files ({size:,} bytes) of imports that the database does not know: {examples}. "
            "Delete them, unless another installation uses this bucket."
        )
        yield Complaint(None, "objects_without_import", message, is_wrong=False)


def _unknown_objects(session: Session, storage: Storage) -> Iterator[ObjectEntry]:
    for listed in storage.list_objects(OBJECT_PREFIX):
        found = [stored for stored in listed if stored.key != TRIAL_KEY]
        ids = {import_of_key(stored.key) for stored in found}
        known = set(session.scalars(select(Import.id).where(Import.id.in_(ids))))
        session.commit()  # S3 is asked next, and the database ends a transaction that waits for long
        yield from (stored for stored in found if import_of_key(stored.key) not in known)
