"""What is left of imports that are gone: after a restored backup, or an import deleted by hand."""

from __future__ import annotations

from sqlalchemy import Select, exists, func, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from importer.models import Alteration, Correction, Event, FailedRow, Import, RatePoint, Repair, WriterNote

NO_TIMEOUT = text("SET LOCAL statement_timeout = 0")
"""The largest installations are those that matter most."""

LINES_WITHOUT_IMPORT = text("""
SELECT DISTINCT lower(rows) >> 32 AS sequence FROM ledger
WHERE NOT isempty(rows) AND NOT EXISTS (SELECT FROM imports WHERE imports.sequence = lower(rows) >> 32)
""")

TABLES: dict[str, InstrumentedAttribute[int]] = {
    "failed rows": FailedRow.import_sequence,
    "corrections": Correction.import_sequence,
    "repairs": Repair.import_sequence,
    "alterations": Alteration.import_sequence,
    "events": Event.import_sequence,
    "rate points": RatePoint.import_sequence,
    "writer notes": WriterNote.import_sequence,
}
"""What is known of an import by its number, besides the ledger."""


def remains(session: Session) -> dict[int, list[str]]:
    """By the number of an import that is gone: what there still is of it, in words."""
    session.execute(NO_TIMEOUT)
    found: dict[int, list[str]] = {}
    for sequence in session.scalars(LINES_WITHOUT_IMPORT):
        found.setdefault(sequence, []).append("ledger lines")
    for name, column in TABLES.items():
        for sequence in session.scalars(_without_import(column)):
            found.setdefault(sequence, []).append(name)
    session.commit()
    return dict(sorted(found.items()))


def _without_import(column: InstrumentedAttribute[int]) -> Select[int]:
    """The numbers of imports that a table has rows of and that are gone.

    The rows of an import may be very many: an index leads from the first of each import to that of the next.
    """
    first = select(func.min(column).label("sequence")).cte("held", recursive=True)
    following = select(func.min(column)).where(column > first.c.sequence).scalar_subquery()
    held = first.union_all(select(following).where(first.c.sequence.is_not(None)))
    is_known = exists().where(Import.sequence == held.c.sequence)
    return select(held.c.sequence).where(held.c.sequence.is_not(None), ~is_known)
