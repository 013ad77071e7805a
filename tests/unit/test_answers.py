"""What answers about a file are taken for."""

from __future__ import annotations

import pytest

from importer.files.fields import Field
from importer.files.openings import Beginning, describe_text, open_text
from importer.files.problems import Limits
from importer.files.questions import Answers

FIELDS = [Field("email", True), Field("company", False), Field("joined", False, kind="date")]
LIMITS = Limits(None, 1024 * 1024, 32_768)


def opened(content: bytes, answers: Answers):
    beginning = Beginning(content, is_whole_file=True)
    return open_text(beginning, describe_text(beginning, FIELDS, answers), FIELDS, answers, LIMITS)


def columns_of(content: bytes, given: dict) -> dict[str, tuple[int, ...]]:
    fills = opened(content, Answers(given)).proposal.mapping.fills
    return {fill.field: fill.columns for fill in fills}


def test_a_number_means_that_column_and_no_other_one_whose_name_it_is():
    content = b"email,x,3\na@b.co,ACME,zzz\n"
    assert columns_of(content, {"column-2": "company"})["company"] == (1,)
    assert columns_of(content, {"column-3": "company"})["company"] == (2,)
    assert columns_of(b"email,3,x\na@b.co,zzz,ACME\n", {"column-3": "company"})["company"] == (2,)


def test_a_name_of_digits_that_is_no_number_of_a_column_is_a_name():
    assert columns_of(b"email,2024\na@b.co,ACME\n", {"column-2024": "company"})["company"] == (1,)


@pytest.mark.parametrize(
    "given",
    [
        {"encoding": "latin-1"},
        {"delimiter": "none"},
        {"quote": "''"},
        {"header": "99"},
        {"footer": "yes"},
        {"column-2": "nothing"},
        {"field-company": "4"},
        {"empty_cells": "erase"},
        {"date_order-3": "upwards"},
        {"century-3": "20"},
    ],
)
def test_an_answer_that_its_question_does_not_have_is_told_even_where_nothing_is_asked(given):
    answers = Answers(given)
    assert not opened(b"email,company,joined\na@b.co,ACME,2024-01-31\n", answers).proposal.questions
    assert answers.unused == list(given)


BELOW = b"email,company,joined\n" + b"a@b.co,ACME,2024-01-31\n" * 5


def asked_of(content: bytes, remembered: dict[str, str]) -> list[str]:
    return [question.id for question in opened(content, Answers({}, remembered)).proposal.questions]


def test_a_footer_was_left_out_of_an_earlier_file_but_what_may_be_a_row_of_this_one_is_asked_about():
    assert asked_of(BELOW + b"Total,,\n", {"footer": "none"}) == []
    assert asked_of(BELOW + b"z@b.co,,\n", {"footer": "none"}) == ["footer"]
    assert asked_of(BELOW + b"z@b.co,,\n", {"footer": "rows"}) == []
    assert asked_of(BELOW + b"Total,,\n", {"footer": "rows"}) == ["footer"]
