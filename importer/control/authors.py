"""The imports, people and corrections behind the rows that wrote records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from importer.control.corrections import Made, corrections_of_writers
from importer.control.reports import creators, visible_imports
from importer.ledger.record_table import Record, Writer
from importer.models import Import, User


class Author(NamedTuple):
    """Who wrote or changed a record.

    Attributes:
        import_: None: it is none that this person may see.
        is_gone: whether the import was deleted.
        by: the e-mail address of who started it; None: at the command line, or somebody who is gone.
        corrections: how that row was corrected before; None: not asked for.
    """

    writer: Writer
    import_: Import | None
    is_gone: bool
    by: str | None
    corrections: Sequence[Made] | None

    @property
    def is_an_import(self) -> bool:
        return self.writer.sequence > 0


class Authors:
    """Who wrote some records, as far as a person may know.

    Args:
        writers: of records, more than these themselves name.
        with_corrections: also how their rows were corrected before.
    """

    def __init__(
        self,
        session: Session,
        user: User,
        records: Iterable[Record],
        writers: Iterable[Writer] = (),
        *,
        with_corrections: bool = False,
    ) -> None:
        named = {*writers, *(writer for one in records for writer in (one.written, one.changed))}
        sequences = {writer.sequence for writer in named} - {0}
        seen = session.scalars(visible_imports(user).where(Import.sequence.in_(sequences))).all()
        there = select(Import.sequence, Import.notes_writers)
        there = there.where(Import.sequence.in_(sequences), Import.deleted_at.is_(None))
        self._seen = {import_.sequence: import_ for import_ in seen}
        self._notes = dict(iter(session.execute(there)))
        self._emails = creators(session, seen)
        self._corrections = None
        if with_corrections:
            of_seen = [writer for writer in named if writer.sequence in self._seen]
            self._corrections = corrections_of_writers(session, of_seen)

    def sees(self, record: Record) -> bool:
        """Whether one of the imports that this record names is one that the person may see."""
        return bool({record.written.sequence, record.changed.sequence} & self._seen.keys())

    def is_gone(self, writer: Writer) -> bool:
        """Whether its import was deleted."""
        return writer.sequence not in self._notes

    def notes(self, writer: Writer) -> bool:
        """Whether its import noted every writer that its rows met."""
        return self._notes.get(writer.sequence, False)

    def of(self, writer: Writer) -> Author:
        """Who this is."""
        import_ = self._seen.get(writer.sequence)
        made = None if self._corrections is None else self._corrections.get(writer, ())
        by = None if import_ is None else self._emails.get(import_.created_by or 0)
        return Author(writer, import_, self.is_gone(writer), by, made)
