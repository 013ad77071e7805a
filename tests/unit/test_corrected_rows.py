"""What a person writes into the cells of a failed row is kept, or refused in words."""

import pytest

from importer.files.corrected_rows import corrected, is_cut, refusal_of
from importer.files.problems import Limits, Problem

LIMITS = Limits(width=3, max_record_bytes=60, max_cell_chars=20)
CELLS = ["a@example.com", "Ann", "x"]


def test_only_cells_that_differ_count_as_changed():
    row = corrected(CELLS, {1: "Ann", 2: "2024-01-31"}, LIMITS)
    assert row.cells == ["a@example.com", "Ann", "2024-01-31"]
    assert (row.changes, row.problem) == ([(2, "x", "2024-01-31")], None)


def test_a_row_with_too_few_cells_grows_up_to_the_changed_one():
    row = corrected(["Total"], {2: "x"}, LIMITS)
    assert (row.cells, row.changes) == (["Total", "", "x"], [(2, "", "x")])
    assert corrected(["Total"], {2: ""}, LIMITS).cells == ["Total"]


def test_cells_too_many_are_still_wrong_until_they_are_empty():
    cells = [*CELLS, "surplus"]
    assert corrected(cells, {1: "Bob"}, LIMITS).problem.code == "too_many_cells"
    assert corrected(cells, {3: ""}, LIMITS).problem is None


def test_bytes_that_are_no_text_are_still_wrong_until_their_cell_is_typed_anew():
    cells = ["a@example.com", "M\udcfcller", "x"]
    assert corrected(cells, {2: "y"}, LIMITS).problem.column == 1
    assert corrected(cells, {1: "Müller"}, LIMITS).problem is None


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ({1: "a\0b"}, 1, "cannot be kept"),
        ({1: "\udcfc"}, 1, "cannot be kept"),
        ({2: "x" * 21}, 2, "21 characters, the limit here is 20"),
        ({3: "x"}, None, "no cell 4: it has 3"),
        ({-1: "x"}, None, "no cell 0"),
        ({0: "ä" * 20, 1: "ä" * 20}, None, "83 bytes, the limit here is 60"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_words(changes, place, said):
    refused = refusal_of(CELLS, changes, LIMITS)
    assert refused.place == place
    assert said in refused.sentence


def test_what_can_be_kept_is_not_refused():
    assert refusal_of(CELLS, {0: "", 2: "\n\t“日本”"}, LIMITS) is None
    assert refusal_of([*CELLS, "surplus"], {3: ""}, LIMITS) is None


def test_a_row_of_which_only_the_beginning_is_kept_says_so():
    cells, problem = LIMITS.keep(["x" * 100], LIMITS.problem("cell_too_long", 0))
    assert len(cells[0]) < 100
    assert is_cut(problem)
    assert not is_cut(None)
    assert not is_cut(Problem("nul_character", "It has one.", 0))
