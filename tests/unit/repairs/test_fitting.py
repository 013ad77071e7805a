"""A row whose cells were changed is imported only where nothing is wrong with it as a row any more."""

import pytest

from importer.files.problems import CUT, Limits
from importer.files.repairs.fitting import problem_left

LIMITS = Limits(3, 1000, 10)


@pytest.mark.parametrize(
    ("code", "cells", "left"),
    [
        (None, ["a", "b", "c"], None),
        ("invalid_utf8", ["a", "b", "c"], None),
        ("invalid_utf8", ["a", "b\udcfc", "c"], "invalid_utf8"),
        ("too_many_cells", ["a", "b", "c", "d"], "too_many_cells"),
        ("too_many_cells", ["a", "b", "c", ""], None),
        ("too_few_cells", ["a"], "too_few_cells"),
        ("too_few_cells", ["a", "b"], None),
        ("cell_too_long", ["a" * 11], "too_few_cells"),
        ("unclosed_quote", ["a", "b", "c"], "unclosed_quote"),
    ],
)
def test_what_the_cells_show_goes_with_them_and_what_the_writing_shows_stays(code, cells, left):
    problem = LIMITS.problem(code, 0) if code else None
    found = problem_left(problem, cells, LIMITS, is_meant=False)
    assert (found and found.code) == left


def test_cells_that_a_person_chose_by_their_problem_count_as_they_are():
    problem = LIMITS.problem("unclosed_quote")
    assert problem_left(problem, ["a", "b", "c"], LIMITS, is_meant=True) is None
    assert problem_left(problem, ["a", "b", "c", "d"], LIMITS, is_meant=True).code == "too_many_cells"


def test_a_row_of_which_only_the_beginning_is_kept_is_never_taken_for_whole():
    problem = LIMITS.problem("cell_too_long", 0)
    problem = problem._replace(message=problem.message + CUT)
    assert problem_left(problem, ["a", "b", "c"], LIMITS, is_meant=True) == problem
