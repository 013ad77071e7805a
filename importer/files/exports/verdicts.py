"""What a row of a corrected file comes to, beside the failed row as it is by now."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import NamedTuple

from importer.files.corrected_rows import Corrected, corrected, is_cut, refusal_of
from importer.files.exports.corrected_file import FileRow
from importer.files.exports.safe_cells import read_back
from importer.files.problems import Limits, Problem

CORRECTED = "corrected"
UNCHANGED = "unchanged"

LEFT_ALONE: dict[str, str] = {
    "not_failed": "not failed any more",
    "discarded": "discarded since",
    "changed_since": "changed by somebody else since",
    "repeated": "in the file more than once, of which the first counts",
    "refused": "with a text that cannot be kept, or of which only the beginning was kept",
    "foreign": "of another import",
    "unreadable": "without a row number and an attempt that can be read",
}
"""Why a row is left alone: the code, and the words behind the number of rows."""


class KeptRow(NamedTuple):
    """A failed row as it is by now.

    Attributes:
        attempts: how many have failed.
        last_correction: the attempt that tries the last correction; 0 where there was none.
        is_ours: whether that correction comes from this very file.
    """

    cells: list[str]
    problem: Problem | None
    attempts: int
    is_discarded: bool
    last_correction: int
    is_ours: bool


class Verdict(NamedTuple):
    """What a row of the file comes to.

    Attributes:
        kind: `corrected`, `unchanged`, or one of `LEFT_ALONE`.
        row: new cells; None unless it is corrected.
    """

    kind: str
    row: Corrected | None = None


def verdict_of(row: FileRow, import_id: str, kept: KeptRow | None, limits: Limits) -> Verdict:
    """Judge a row of the file.

    Args:
        kept: the failed row of this number; None where there is none any more.
        limits: of a row of this import.
    """
    if row.import_id != import_id and row.import_id:
        return Verdict("foreign")
    if not row.row_number or not row.attempt or not row.import_id:
        return Verdict("unreadable")
    if kept is None:
        return Verdict("not_failed")
    if kept.is_discarded:
        return Verdict("discarded")
    if kept.is_ours:
        return Verdict("repeated")
    changes = _changes(row, kept.cells, limits.width or 0)
    if not changes:
        return Verdict(UNCHANGED)
    if row.attempt < kept.last_correction or row.attempt > max(kept.attempts, kept.last_correction):
        return Verdict("changed_since")
    if is_cut(kept.problem) or refusal_of(kept.cells, changes, limits):
        return Verdict("refused")
    return Verdict(CORRECTED, corrected(kept.cells, changes, limits))


def _changes(row: FileRow, cells: list[str], width: int) -> Mapping[int, str]:
    """New texts by the place of their cell. Cells that a row has beyond its header stand behind all columns."""
    texts = row.cells if len(cells) <= width and not any(row.surplus) else [*row.cells, *row.surplus]
    pairs = enumerate(zip_longest(texts, cells, fillvalue=""))
    changes = {place: read_back(text, kept) for place, (text, kept) in pairs}
    return {place: text for place, text in changes.items() if text != (cells[place] if place < len(cells) else "")}
