"""A layout's answers go by the numbers of columns, and give way to those that are given beside it."""

import pytest

from importer.files.layout_answers import difference, not_overruled, numbered

NAMES = ["E-Mail", "Notes", "2", "Notes", ""]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"column-E-Mail": "email"}, {"column-1": "email"}),
        ({"column-Notes": "none"}, {"column-2": "none", "column-4": "none"}),
        ({"column-2": "name", "column-Notes": "none"}, {"column-2": "name", "column-4": "none"}),
        ({"column-3": "name"}, {"column-3": "name"}),
        ({"date_order-E-Mail": "dmy"}, {"date_order-1": "dmy"}),
        ({"encoding": "cp1252", "field-name": "2", "column-foreign": "x"}, None),
    ],
)
def test_columns_are_called_by_their_numbers_which_count_more(said, kept):
    assert numbered(said, NAMES) == (said if kept is None else kept)


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({}, {"column-1": "email", "column-4": "name", "field-phone": "2"}),
        ({"column-1": "none"}, {"column-4": "name", "field-phone": "2"}),
        ({"column-E-Mail": "phone"}, {"column-4": "name"}),
        ({"field-name": "2"}, {"column-1": "email", "field-phone": "2"}),
        ({"column-2": "name"}, {"column-1": "email", "field-phone": "2"}),
    ],
)
def test_what_is_given_beside_a_layout_takes_the_place_of_its_answers(given, left):
    answers = {"column-1": "email", "column-4": "name", "field-phone": "2"}
    assert not_overruled(answers, given, NAMES) == left


def test_columns_that_are_left_out_do_not_give_way_to_each_other():
    answers = {"column-1": "none", "column-2": "none"}
    assert not_overruled(answers, {"column-3": "none"}, NAMES) == answers


@pytest.mark.parametrize(
    ("expected", "found", "words"),
    [
        (["email", "name"], ["E-Mail", "phone"], "New are: phone. It lacks: name."),
        (["email", "name"], ["email"], "It lacks: name."),
        (["email"], ["email", "name"], "New are: name."),
        (["email", "name"], ["name", "email"], "They are the same columns in another order"),
        (["email", "name"], ["email", "name", "name"], "or some stand in it more often"),
    ],
)
def test_the_columns_that_make_a_header_another_one_are_named(expected, found, words):
    assert words in difference(expected, found)
