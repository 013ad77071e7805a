"""What a rule makes of a failed row."""

from __future__ import annotations

from typing import NamedTuple

from importer.files.problems import Limits, Problem
from importer.files.repairs.fitting import problem_left
from importer.files.repairs.rule import Mark, Rule
from importer.files.repairs.rules import apply


class Candidate(NamedTuple):
    """A failed row that is chosen.

    Attributes:
        code: of its first fault.
        attempt: the number of its next one.
        is_retrying: whether that was asked for, and is not over.
    """

    row_number: int
    line_number: int
    code: str
    cells: list[str]
    problem: Problem | None
    attempt: int
    is_retrying: bool


class Change(NamedTuple):
    """New cells of a failed row.

    Attributes:
        problem: what is wrong with the row as a whole, whatever its cells are.
        changes: for each changed cell its place from 0, its text before and after.
    """

    candidate: Candidate
    cells: list[str]
    problem: Problem | None
    changes: list[tuple[int, str, str]]


def change_of(rule: Rule, row: Candidate, limits: Limits, *, code: str | None) -> Change | None:
    """What a rule changes in a row.

    Args:
        code: of the rows that were chosen; None: of any.

    Returns:
        None where it changes nothing, where it is about whole rows, and where the row as it is written is not
        sound: then its cells may not be what was meant, unless rows with just this problem were chosen.
    """
    cells = apply(rule, row.cells)
    if isinstance(cells, Mark) or cells == row.cells:
        return None
    problem = problem_left(
        row.problem, cells, limits, is_meant=row.problem is not None and row.problem.code == code
    )
    if problem is not None and problem == row.problem:
        return None
    before = [*row.cells, *[""] * (len(cells) - len(row.cells))]
    pairs = enumerate(zip(before, cells, strict=True))
    return Change(row, cells, problem, [(place, old, new) for place, (old, new) in pairs if old != new])
