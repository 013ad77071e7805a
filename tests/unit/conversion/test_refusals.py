"""Why a file cannot be converted is always said in a sentence, with what to do."""

import ast
from pathlib import Path

import pytest

import importer.files.conversion
from importer.errors import RefusedFileError
from importer.files.conversion.header import describe_lines, sample_of_all
from importer.files.problems import Limits
from importer.files.questions import Answers
from importer.files.refusals import CONVERSION_REFUSALS, REFUSALS
from importer.record_types import RecordTypes

ROOM = Path(importer.files.conversion.__file__).parent
KINDS = {"excel_xml"}


def test_every_reason_that_the_conversion_gives_has_its_sentence_and_no_other_is_there():
    given = set()
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "refusal":
                given |= {node.args[0].value} if isinstance(node.args[0], ast.Constant) else set()
    assert given <= CONVERSION_REFUSALS.keys() | REFUSALS.keys()
    assert CONVERSION_REFUSALS.keys() - given == KINDS


def test_each_sentence_ends_and_says_what_to_do():
    for message in CONVERSION_REFUSALS.values():
        assert message.endswith(".")
        assert message.count(". ") >= 1


def test_a_header_with_nuls_is_refused_before_anybody_is_asked_about_it():
    fields, limits = RecordTypes()["contacts"].fields, Limits(None, 4096, 1000)
    lines = b'[1,"email","na\\u0000me"]\n[2,"ann@example.com","Ann"]\n'
    with pytest.raises(RefusedFileError) as refused:
        describe_lines(sample_of_all(lines), fields, limits, Answers())
    assert refused.value.code == "binary"
