"""Every move of an import has its event, and every event its sentence."""

import string
from pathlib import Path

import pytest

from importer.ledger import counters
from importer.lifecycle.answered import ASKED, answered
from importer.lifecycle.event_kinds import BY_PEOPLE, ONCE, WORDINGS, EventKind, in_words, kind_of_move
from importer.statuses import TRANSITIONS, Status

DETAILS = {
    "by": "ann@example.com",
    "rows": 1,
    "questions": 2,
    "imported": 1200,
    "failed": 3,
    "lines": 9,
    "seconds": 6.4,
}


def test_every_move_makes_an_event():
    for source, target in TRANSITIONS:
        assert kind_of_move(source, target) in EventKind


def test_the_moves_that_the_counters_make_are_called_by_their_status():
    for target in (Status.COMPLETED, Status.PAUSING):
        assert f"'{target}'" in counters.SETTLE.text
        for source in Status:
            if (source, target) in TRANSITIONS:
                assert kind_of_move(source, target) == target


@pytest.mark.parametrize("kind", EventKind)
def test_every_event_has_a_sentence_that_names_its_details(kind):
    wording = WORDINGS[kind]
    for sentence in filter(None, wording):
        named = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
        assert named <= {*DETAILS, "reason"}
    told = in_words(kind, {**DETAILS, "reason": "Too many."})
    assert told.endswith(".")
    assert "…" not in told
    assert "1 rows" not in told


def test_what_only_people_do_names_who_did_it():
    for kind in BY_PEOPLE:
        assert "ann@example.com" in in_words(kind, DETAILS)


def test_a_pause_by_nobody_tells_its_reason():
    assert in_words("pausing", {"reason": "Too many rows failed."}) == "Paused. Too many rows failed."


def test_the_command_line_begins_a_sentence_with_a_capital():
    assert in_words("retried", {"by": "the command line", "rows": 4900}) == (
        "The command line had 4,900 rows tried again."
    )


def test_long_times_are_told_in_minutes():
    assert in_words("worker_died", {"rows": 1, "seconds": 21.4}).endswith(
        "1 row went back to the queue after 21 s."
    )
    assert in_words("worker_died", {"rows": 2, "seconds": 7200}).endswith("after 120 min.")


def test_a_kind_of_a_later_release_is_named():
    assert in_words("sent_home", {}) == "Sent home."


def test_an_import_ends_once():
    assert {EventKind.COMPLETED, EventKind.STOPPED, EventKind.CANCELLED} <= ONCE


QUESTIONS = [
    {
        "id": "date_order-2",
        "kind": "date_order",
        "text": "“Joined”: in which order are the dates written? 03/04/2024 can be read in two ways.",
        "choices": [{"value": "dmy", "text": "day.month.year", "examples": []}],
    },
    {"id": "words-1", "kind": "words", "text": "?", "choices": [{"value": "ja", "text": "", "examples": ["ja"]}]},
    {"id": "footer", "kind": "footer", "text": "Line 9 has “Total 36”.", "choices": []},
]


def test_answers_are_told_in_words_and_without_cells():
    given = {"date_order-2": "dmy", "words-1": {"ja": "yes"}, "footer": "secret", "not asked": "x"}
    told = answered(QUESTIONS, given, ["Active", "Joined"])
    assert told == {
        "questions": 3,
        "answers": [
            ["the order of dates (Joined)", "day.month.year"],
            ["the meaning of words (Active)", "a value for each"],
            ["whether what stands below the table is a row", "chosen"],
        ],
    }


def test_every_kind_of_question_has_words():
    of_the_file = {"encoding", "delimiter", "header", "footer", "sheet", "field", "column"}
    of_cells = {"date_order", "decimal_mark", "century", "percent", "no_values", "words"}
    assert of_the_file | of_cells == set(ASKED)


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_is_in_the_documentation(kind):
    documented = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    assert f"`{kind}`" in documented.partition("## History")[2].partition("\n## ")[0]
