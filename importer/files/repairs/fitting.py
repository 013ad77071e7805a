"""What is still wrong with a row as it was read, once its cells are others."""

from __future__ import annotations

from collections.abc import Sequence

from importer.files.problems import CUT, Limits, Problem

OF_CELLS = frozenset({"too_few_cells", "too_many_cells", "invalid_utf8", "nul_character", "cell_too_long"})
"""Problems that the cells themselves show: other cells may be without it. All others are of how the row is
written, and say that its cells may not be what was meant."""


def problem_left(
    problem: Problem | None, cells: Sequence[str], limits: Limits, *, is_meant: bool
) -> Problem | None:
    """What is wrong with a row that has these cells now.

    Args:
        problem: what reading found wrong.
        is_meant: whether a person has chosen rows with just this problem, so has seen the cells as they were read.
    """
    if problem is not None:
        is_of_cells = is_meant or problem.code in OF_CELLS
        if problem.message.endswith(CUT) or not is_of_cells:
            return problem
    found = list(cells)
    return limits.problem_of_count(found) or limits.problem_in(found)
