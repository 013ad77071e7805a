"""Headers whose names cannot belong to the cells below them: the file is refused, in words that say why."""

from __future__ import annotations

import re
from collections.abc import Sequence

from importer.files.cell_looks import ALIGNED
from importer.files.detection import Described
from importer.files.header_lines import names_in
from importer.files.refusals import refusal
from importer.files.tables import FEWEST_NAMES

SIGN = re.compile(r"[^\w\s\"'*(\[{<#+-]").fullmatch
MOST = 0.5
CHARACTERS_SHOWN = 100


def refuse_unfit_header(described: Described, names: Sequence[str], known: frozenset[str]) -> None:
    """Refuse a header whose names cannot be those of the cells below them, whatever a person may answer.

    Args:
        known: names that a header may have, normalised.

    Raises:
        RefusedFileError: it is such a header.
    """
    if described.profile.header_line is not None:
        refuse_names_in_one_cell(names, described.profile.header_line, known)
        refuse_uneven_header(described, names)
        refuse_rest_of_delimiter(described, names)


def refuse_names_in_one_cell(names: Sequence[str], line: int, known: frozenset[str]) -> None:
    """Refuse a header whose first cell holds several known names.

    Raises:
        RefusedFileError: it does; the columns are of fixed width, or whole lines stand in the first one.
    """
    first = names[0] if names else ""
    if names_in(first, known) < FEWEST_NAMES:
        return
    if ALIGNED(first):
        raise refusal("fixed_width")
    raise refusal("names_in_one_cell", line=line, found=" ".join(first.split())[:CHARACTERS_SHOWN])


def refuse_uneven_header(described: Described, names: Sequence[str]) -> None:
    """Refuse a header of fewer cells than most rows have, or of more, with values where it has no name: a name may
    belong to the cell below it or to the next one.

    Cells without a value at the end of rows count for none; of a single row nothing is told.

    Args:
        names: of the columns, without blank ones beyond the rows.

    Raises:
        RefusedFileError: it is such a header.
    """
    rows, width = [row.cells for row in described.rows], described.profile.width
    beyond = sum(any(map(str.strip, cells[len(names) :])) for cells in rows)
    gaps = [place for place, name in enumerate(names) if not name.strip()] if len(names) > width else []
    in_gaps = sum(any(cells[place].strip() for place in gaps if place < len(cells)) for cells in rows)
    if max(beyond, in_gaps) > max(1, MOST * len(rows)):
        raise refusal("uneven_header", line=described.profile.header_line, names=len(names), cells=width)


def refuse_rest_of_delimiter(described: Described, names: Sequence[str]) -> None:
    """Refuse a file whose cells have what is left of the several signs that stand between them.

    Raises:
        RefusedFileError: all cells but the first of each record begin with the same sign, or all but the last end
            with it.
    """
    records = [names, *(row.cells for row in described.rows)]
    for inner, outer, place in ((slice(1, None), 0, 0), (slice(None, -1), -1, -1)):
        signs = {cell.strip()[place:][:1] for cells in records for cell in cells[inner] if cell.strip()}
        others = {cells[outer].strip()[place:][:1] for cells in records if cells}
        if len(signs) == 1 and not others & signs and SIGN(min(signs)):
            delimiter = described.profile.dialect.delimiter
            found = delimiter + min(signs) if place == 0 else min(signs) + delimiter
            raise refusal("long_delimiter", found=found)
