"""Rules change cells alike, are data, never raise on a cell, and refuse in words what they do not take."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import RuleError
from importer.files.cells.numbers import number_reader
from importer.files.repairs.rule import MOST_CELL_CHARS, Mark
from importer.files.repairs.rules import RULES, apply, rule_from_json
from importer.files.repairs.sentences import SENTENCES, in_words


def changed(cell: str, kind: str, **parameters) -> str:
    """What becomes of a cell."""
    (after,) = apply(rule_from_json({"kind": kind, "columns": [0], **parameters}), [cell])
    return after


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ({"kind": "set", "value": "x"}, "y", "x"),
        ({"kind": "replace", "find": ",", "by": "."}, "1,2,3", "1.2.3"),
        ({"kind": "replace", "find": "A", "by": "z"}, "banana", "banana"),
        ({"kind": "replace", "find": "A", "by": "z", "case": False}, "banana", "bznznz"),
        ({"kind": "replace", "find": "n/a", "by": "", "whole": True, "case": False}, "N/A", ""),
        ({"kind": "replace", "find": "a", "by": "b", "whole": True}, "aa", "aa"),
        ({"kind": "replace", "find": "a.c", "by": "b"}, "abc", "abc"),
        ({"kind": "replace", "find": "a", "by": r"\1"}, "a", r"\1"),
        ({"kind": "replace", "find": r"(\d+)-(\d+)", "by": r"\2é\1\\", "pattern": True}, "12-34", "34é12\\"),
        ({"kind": "replace", "find": "a|ab", "by": "x", "pattern": True, "whole": True}, "ab", "x"),
        ({"kind": "replace", "find": "É", "by": "x", "pattern": True, "case": False}, "é", "x"),
        ({"kind": "replace", "find": "(a)|b", "by": r"[\1]", "pattern": True}, "ab", "[a][]"),
        ({"kind": "trim"}, "\u200b\u00a0 a  b\n", "a  b"),
        ({"kind": "trim", "inside": True}, " a \u00a0 b ", "a b"),
        ({"kind": "case", "to": "upper"}, "straße", "STRASSE"),
        ({"kind": "case", "to": "lower"}, "ABC", "abc"),
        ({"kind": "case", "to": "title"}, "ann smith", "Ann Smith"),
        ({"kind": "dates", "order": "dmy"}, "03.04.2024", "2024-04-03"),
        ({"kind": "dates", "order": "mdy"}, "03/04/2024", "2024-03-04"),
        ({"kind": "dates", "order": "ymd", "century": 2000}, "24-03-04", "2024-03-04"),
        ({"kind": "dates", "order": "dmy"}, "03.04.24", "03.04.24"),
        ({"kind": "dates", "order": "dmy", "century": 1930}, "03.04.24", "2024-04-03"),
        ({"kind": "dates", "order": "dmy"}, "31.02.2024", "31.02.2024"),
        ({"kind": "dates", "order": "dmy"}, "31.12.2024 10:30", "31.12.2024 10:30"),
        ({"kind": "dates", "order": "dmy", "time": "drop"}, "31.12.2024 10:30", "2024-12-31"),
        ({"kind": "dates", "order": "dmy", "time": "drop"}, "2024-12-31 10:30", "2024-12-31"),
        ({"kind": "dates", "order": "dmy", "time": "keep"}, "31.12.2024 10:30", "2024-12-31T10:30:00"),
        ({"kind": "decimal_mark", "mark": ","}, "1.234,50 €", "1234.50"),
        ({"kind": "decimal_mark", "mark": ",", "writes": "."}, "1.500", "1500"),
        ({"kind": "decimal_mark", "mark": ".", "writes": ","}, "1,234.50", "1234,50"),
        ({"kind": "decimal_mark", "mark": ".", "writes": None}, "1.500", "1.5"),
        ({"kind": "decimal_mark", "mark": ".", "writes": None}, "-1.234", "-01.234"),
        ({"kind": "decimal_mark", "mark": "."}, "no number", "no number"),
        ({"kind": "percent", "percent": "share"}, "12 %", "0.12"),
        ({"kind": "percent", "percent": "points", "writes": ","}, "12,5%", "12,5"),
        ({"kind": "percent", "percent": "share"}, "12", "12"),
        ({"kind": "words", "words": {"ja": "yes", "Größe": "size"}}, " JA ", "yes"),
        ({"kind": "words", "words": {"ja": "yes"}}, "jawohl", "jawohl"),
        ({"kind": "empty"}, "x", ""),
        ({"kind": "empty", "cells": ["n / a"]}, "N/A", ""),
        ({"kind": "empty", "cells": ["n/a"]}, "x", "x"),
    ],
)
def test_a_cell_becomes_what_the_rule_says_or_stays_as_it_is(rule, before, after):
    assert apply(rule_from_json({**rule, "columns": [0]}), [before]) == [after]


def test_only_the_columns_of_a_rule_change_and_cells_that_a_row_lacks_are_empty():
    rule = rule_from_json({"kind": "set", "value": "x", "columns": [3, 1]})
    assert apply(rule, ["a", "b"]) == ["a", "x", "", "x"]
    assert apply(rule_from_json({"kind": "trim", "columns": [3]}), ["a"]) == ["a"]


def test_a_number_written_for_a_column_without_a_mark_has_one_reading():
    for cell, mark, value in (("1.500", ".", 1.5), ("1.234", ".", 1.234), ("1.500", ",", 1500), ("1,5", ",", 1.5)):
        read = number_reader(None)(changed(cell, "decimal_mark", mark=mark, writes=None))
        assert read.fault is None
        assert float(read.text) == value


def test_rows_are_discarded_and_brought_back_whole():
    assert apply(rule_from_json({"kind": "discard"}), ["a"]) is Mark.DISCARD
    assert apply(rule_from_json({"kind": "restore"}), ["a"]) is Mark.RESTORE
    assert apply(rule_from_json({"kind": "retry"}), ["a"]) is Mark.RETRY


EXAMPLES = [
    {"kind": "set", "value": "x"},
    {"kind": "replace", "find": "a", "by": "b", "case": False},
    {"kind": "replace", "find": r"(.)\s*(x)?", "by": r"\2-\1", "pattern": True},
    {"kind": "trim"},
    {"kind": "trim", "inside": True},
    *({"kind": "case", "to": to} for to in ("upper", "lower", "title")),
    *({"kind": "dates", "order": order, "century": 1930} for order in ("dmy", "mdy", "ymd", "serial")),
    {"kind": "dates", "order": "dmy", "time": "keep"},
    {"kind": "dates", "order": "dmy", "time": "drop"},
    *({"kind": "decimal_mark", "mark": mark, "writes": to} for mark in ".," for to in (".", ",", None)),
    *({"kind": "percent", "percent": percent, "writes": ","} for percent in ("points", "share")),
    {"kind": "words", "words": {"ja": "yes", "nein": ""}},
    {"kind": "empty"},
    {"kind": "empty", "cells": ["a"]},
    {"kind": "discard"},
    {"kind": "restore"},
    {"kind": "retry"},
]
TEXTS = st.one_of(
    st.text(st.characters(), max_size=40),
    st.text(st.sampled_from("0123456789.,-/: %€'aJ\u00a0\u200b\0\udcfc"), max_size=14),
    st.dates().map(str),
)


@pytest.mark.parametrize("told", EXAMPLES, ids=str)
def test_a_rule_as_json_is_the_same_rule_and_can_be_said_in_words(told):
    rule = rule_from_json({**told, "columns": [1, 0]})
    assert rule_from_json(rule.as_json()) == rule
    assert in_words(rule, ["balance"]).endswith(" in balance, column 2")


@given(st.sampled_from(EXAMPLES), st.lists(TEXTS, max_size=3))
def test_no_cell_makes_a_rule_raise(told, cells):
    outcome = apply(rule_from_json({**told, "columns": [0, 2]}), cells)
    assert isinstance(outcome, Mark) or all(isinstance(cell, str) for cell in outcome)


STABLE = [
    told
    for told in EXAMPLES
    if told["kind"] in ("set", "trim", "dates", "percent", "words", "empty")
    or (told["kind"] == "decimal_mark" and told["mark"] == told["writes"])
    or told in ({"kind": "case", "to": "lower"}, {"kind": "case", "to": "upper"})
]


@given(st.sampled_from(STABLE), TEXTS)
def test_a_rule_that_reads_or_cleans_changes_nothing_the_second_time(told, cell):
    rule = rule_from_json({**told, "columns": [0]})
    once = apply(rule, [cell])
    assert apply(rule, once) == once


def test_every_kind_has_a_sentence_and_an_example():
    assert RULES.keys() == SENTENCES.keys() == {told["kind"] for told in EXAMPLES}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (1, "A rule is an object"),
        ({"kind": ["set"]}, "A rule is an object"),
        ({"kind": "nonsense"}, "one of set, replace"),
        ({"kind": "set"}, 'needs "value"'),
        ({"kind": "set", "value": 3}, '"value" should be a text'),
        ({"kind": "set", "value": "a\0"}, "NUL"),
        ({"kind": "set", "value": "\udcfc"}, "half of one"),
        ({"kind": "set", "value": "x" * 10_001}, "at most 10,000"),
        ({"kind": "trim", "colour": 1}, 'has no "colour"'),
        ({"kind": "trim", "inside": "yes"}, "true or false"),
        ({"kind": "trim", "columns": ["a"]}, '"columns"'),
        ({"kind": "trim", "columns": [-1]}, '"columns"'),
        ({"kind": "trim", "columns": list(range(101))}, "at most 100"),
        ({"kind": "case", "to": "snake"}, '"upper", "lower", "title"'),
        ({"kind": "dates", "order": "ydm"}, '"dmy", "mdy"'),
        ({"kind": "dates", "order": "dmy", "century": 30}, "1930"),
        ({"kind": "replace", "find": ""}, "not empty"),
        ({"kind": "replace", "find": "(", "pattern": True}, "cannot be read: missing )"),
        ({"kind": "replace", "find": "a)(b", "pattern": True, "whole": True}, "cannot be read"),
        ({"kind": "replace", "find": "(?=a)", "pattern": True}, "cannot be read"),
        ({"kind": "replace", "find": "a", "by": r"\1", "pattern": True}, "the pattern, which has 0"),
        ({"kind": "replace", "find": "a", "by": "\\n", "pattern": True}, "two backslashes"),
        ({"kind": "replace", "find": "a" * 501, "pattern": True}, "at most 500"),
        ({"kind": "words", "words": {}}, '"words"'),
        ({"kind": "words", "words": {"": "x"}}, "not empty"),
        ({"kind": "empty", "cells": "a"}, '"cells" should be a list'),
    ],
)
def test_what_a_rule_does_not_take_is_refused_with_what_it_should_be(told, words):
    with pytest.raises(RuleError) as refusal:
        rule_from_json(told)
    assert words in refusal.value.message


def test_a_pattern_that_would_take_another_engine_years_takes_a_moment():
    began = time.monotonic()
    for pattern in ("(x+x+)+y", "(x|xx)*y", "(.*)*y"):
        assert changed("x" * 5000, "replace", find=pattern, by="z", pattern=True) == "x" * 5000
    assert time.monotonic() - began < 2


def test_a_cell_that_would_grow_too_long_stays_as_it_is():
    cell = "x" * 5000
    assert changed(cell, "replace", find="x", by="y" * 500) == cell
    assert changed(cell, "replace", find="x", by="y" * 500, pattern=True) == cell
    assert len(changed("x", "set", value="y" * 10_000)) < MOST_CELL_CHARS
