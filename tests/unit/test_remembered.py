"""What was answered for such files before holds, unless nothing in the file fits it: then it is asked again."""

import pytest
from openings import HEAD_BYTES, asked

from importer.files.openings import Beginning, describe_text, open_text
from importer.files.problems import Limits
from importer.files.questions import Answers
from importer.record_types import RecordTypes

MARK = "decimal_mark-3"


@pytest.mark.parametrize(
    ("balances", "mark", "questions"),
    [
        (["1.000", "2.500"], ".", [MARK]),
        (["1.000", "2.500"], ",", []),
        (["1,000", "2,500"], ".", []),
        (["1.000", "7"], ".", []),
    ],
)
def test_a_remembered_mark_by_which_every_amount_would_fail_is_asked_about_again(balances, mark, questions):
    rows = "".join(f'p{number}@example.com,P,"{balance}"\n' for number, balance in enumerate(balances))
    data = f"email,name,balance\n{rows}".encode()
    beginning, fields = Beginning(data[:HEAD_BYTES], True), RecordTypes()["contacts"].fields
    remembered = Answers(None, {MARK: mark})
    described = describe_text(beginning, fields, remembered)
    assert asked(open_text(beginning, described, fields, remembered, Limits(None, 4096, 1000))) == questions
