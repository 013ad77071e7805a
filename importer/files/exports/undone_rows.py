"""Rows that were not imported, as they are written into a file that can be imported.

A row that is no sound row of its file, or that the new file cannot hold as it was, gets one cell more than there
are columns, which says why. So an import of the new file fails it too, rather than take what nobody meant.
"""

from __future__ import annotations

import re
from itertools import zip_longest

from importer.files.cells.cleaning import clean
from importer.files.csv_reader import Record
from importer.files.exports.safe_cells import CELL_UNITS, UNWRITABLE, cut_to_cell, written_row

UNSAFE = (
    "Cell {cell:,} cannot be written so that no spreadsheet runs it and an import reads it as it was. Type the"
    " cell anew."
)
SIGNED = re.compile(r"[=+\-@][ !#-&(-~]*[!#-&(-~]").fullmatch
"""Telephone numbers, negative amounts and the like, of which cleaning takes nothing but the mark: many files have
one in each row, and to try it takes long."""

NO_TEXT = (
    "Cell {cell:,} has characters that are no text; here they are written with a backslash. Type the cell anew."
)
TOO_LONG = (
    "Cell {cell:,} is longer than a workbook holds (32,767 characters): only its beginning is here. Download these"
    " rows as CSV."
)


def undone_row(record: Record, width: int, *, is_for_workbook: bool) -> list[str]:
    """The cells of a row as they are written, and what is wrong with it as the last one.

    Args:
        width: how many columns the file has.
        is_for_workbook: its cells hold no more than Excel's.
    """
    cells = written_row(record.cells)
    if record.problem is not None:
        fault: str | None = record.problem.message
    elif cells == record.cells and not is_for_workbook:
        fault = None
    else:
        fault = _fault_in(record.cells, cells, is_for_workbook)
    if fault is None:
        return cells
    padded = [cell for cell, _ in zip_longest(cells, range(width), fillvalue="")]
    return [*padded, f"Row {record.row_number:,} in line {record.line_number:,}: {fault}"]


def _fault_in(cells: list[str], texts: list[str], is_for_workbook: bool) -> str | None:
    for number, (cell, text) in enumerate(zip(cells, texts, strict=True), 1):
        if text != cell and not SIGNED(cell):
            if UNWRITABLE.search(cell):
                return NO_TEXT.format(cell=number)
            if clean(text)[0] != clean(cell)[0]:
                return UNSAFE.format(cell=number)
        if is_for_workbook and len(text) * 2 > CELL_UNITS and cut_to_cell(text) != text:
            return TOO_LONG.format(cell=number)
    return None
