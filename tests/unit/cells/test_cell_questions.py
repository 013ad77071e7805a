"""Questions about the cells of a column say what leaves them open, and offer each answer that may be right."""

import pytest

from importer.files.cell_questions import about_cells
from importer.files.cells.evidence import decide
from importer.files.cells.readings import Reading


def asked(kind, *cells, known=None):
    decision = decide(kind, list(enumerate(cells, 2)), known=known, earliest_year=1900, latest_year=2199)
    return list(about_cells(decision, 2, "Joined"))


@pytest.mark.parametrize(
    ("cell", "orders"),
    [("24-03-05", ["ymd", "dmy", "mdy"]), ("03/04/2024", ["dmy", "mdy"]), ("03.04.24", ["dmy", "mdy"])],
)
def test_each_order_that_a_date_may_have_can_be_answered(cell, orders):
    question = asked("date", cell)[0]
    assert [choice.value for choice in question.choices] == orders


def test_numbers_that_contradict_each_other_are_both_shown():
    (question,) = asked("decimal", "1.00", "5,00")
    assert "1.00 in line 2" in question.text
    assert "5,00 in line 3 shows a decimal comma, so the column contradicts itself." in question.text


def test_what_was_said_of_such_files_before_is_told_where_a_cell_contradicts_it():
    (question,) = asked("date", "31.12.2024", known=Reading(date_order="mdy"))
    assert question.text.endswith("for such files it was said that the month comes first.")
