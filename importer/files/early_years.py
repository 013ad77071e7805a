"""Dates in the sample of a file whose year is likely to be a mistake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from importer.files.cells.chain import reader_of
from importer.files.cells.dates import is_early
from importer.files.cells.outcomes import shown
from importer.files.cells.readings import EARLY
from importer.files.mapping import Fill, Mapping
from importer.files.tables import Located


def about_early_years(mapping: Mapping, rows: Sequence[Located]) -> Iterator[str]:
    """A sentence for each field with dates before the year `EARLY`, where the field says nothing of its years."""
    for fill in mapping.fills:
        found = list(_early_cells(fill, rows)) if fill.reading.notes_early_years else []
        if found:
            line, cell = found[0]
            which = f"the first of {len(found):,}" if len(found) > 1 else "the only one"
            yield (
                f"{fill.field}: {shown(cell)} in line {line:,} has a year before {EARLY}, {which} in the rows that"
                " were looked at. It is taken as it stands."
            )


def _early_cells(fill: Fill, rows: Sequence[Located]) -> Iterator[tuple[int, str]]:
    read = reader_of(fill.reading)
    for row in rows:
        cell = fill.cell_of(row.cells).strip()
        found = read(cell) if cell else None
        if found and found.text is not None and found.fault is None and is_early(found.text):
            yield row.line, cell
