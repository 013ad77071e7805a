"""Files to download: the failed rows of an import, and what each of its rows came to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from importer.files.exports.columns import names_of
from importer.files.exports.csv_writer import csv_of
from importer.files.exports.safe_cells import written, written_row
from importer.files.exports.xlsx_writer import xlsx_of
from importer.ledger.chosen_rows import ChosenRows
from importer.ledger.exported_rows import NOT_ENDED, ExportedRow, Outcome, failed_rows, outcomes
from importer.ledger.lines import highest_row
from importer.models import Import
from importer.services import Services
from importer.statuses import ENDED_EARLY


class Format(NamedTuple):
    """A kind of file: how its bytes are made of its names and rows, and what it is called on the web."""

    write: Callable[[Sequence[str], Iterable[Sequence[str]]], Iterator[bytes]]
    media_type: str


XLSX = "xlsx"

FORMATS: dict[str, Format] = {
    "csv": Format(csv_of, "text/csv; charset=utf-8"),
    XLSX: Format(xlsx_of, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
"""By the ending of a file's name."""

RESULT_NAMES = ("row", "line", "outcome", "field", "code", "reason")


def failed_rows_file(services: Services, import_: Import, chosen: ChosenRows, ending: str) -> Iterator[bytes]:
    """The failed rows that are chosen, with the columns of their file as they are, and ours behind them.

    Args:
        ending: one of `FORMATS`.
    """
    header = list(import_.header or [])
    found = failed_rows(services.engine, chosen.condition(import_.sequence))
    rows = (_failed_row(row, import_.id, len(header)) for row in found)
    return FORMATS[ending].write(names_of(header), rows)


def _failed_row(row: ExportedRow, import_id: str, width: int) -> list[str]:
    """The cells of a row. Those that it has beyond its header stand behind all columns."""
    cells = written_row(row.cells)
    return [
        *cells[:width],
        *[""] * (width - len(cells)),
        str(row.row_number),
        str(row.line_number),
        written(row.field),
        row.code,
        written(row.reason),
        str(row.attempt),
        import_id,
        *cells[width:],
    ]


def result_file(
    session: Session, services: Services, import_: Import, ending: str, *, only_undone: bool = False
) -> Iterator[bytes]:
    """What each row of an import came to, as far as its file was read.

    Args:
        ending: one of `FORMATS`.
        only_undone: leave out those that were imported or have failed.
    """
    ended = highest_row(session.connection(), import_.sequence)
    session.commit()
    last = max(ended, import_.dispatched_rows, import_.total_rows or 0)
    undone = "not imported" if import_.status in ENDED_EARLY else "not done yet"
    found = outcomes(services.engine, import_.sequence, last)
    wanted = (outcome for outcome in found if not only_undone or outcome.kind == NOT_ENDED)
    return FORMATS[ending].write(RESULT_NAMES, (_outcome(outcome, undone) for outcome in wanted))


def _outcome(outcome: Outcome, undone: str) -> list[str]:
    line = "" if outcome.line_number is None else str(outcome.line_number)
    kind = undone if outcome.kind == NOT_ENDED else outcome.kind
    return [str(outcome.row_number), line, kind, written(outcome.field), outcome.code, written(outcome.reason)]
