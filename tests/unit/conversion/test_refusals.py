"""Why a file cannot be converted is always said in a sentence, with what to do."""

import ast
from pathlib import Path

import importer.files.conversion
from importer.files.refusals import CONVERSION_REFUSALS, REFUSALS

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
