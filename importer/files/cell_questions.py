"""Questions about the cells of a column: what only a person can say of how they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from importer.files.cells.evidence import Decision
from importer.files.cells.readings import Reading
from importer.files.questions import Answers, Choice, Question

ORDERS = {
    "dmy": "day, month, year",
    "mdy": "month, day, year",
    "ymd": "year, month, day",
}
MARKS = {",": "a comma: 1.234,56", ".": "a point: 1,234.56"}
YES, NO = "yes", "no"


def said_of_cells(part: str, column: int, name: str, answers: Answers) -> Any:
    """What a person has said of one part of how the cells of a column are read, by its number or its name."""
    return answers.get(f"{part}-{column + 1}", answers.get(f"{part}-{name}"))


def known_reading(kind: str, column: int, name: str, answers: Answers) -> Reading:
    """What a person has said of the cells of a column.

    Args:
        column: from 0.
        name: as the file has it.
    """
    said: dict[str, Any] = {}
    if (order := said_of_cells("date_order", column, name, answers)) in ORDERS:
        said["date_order"] = order
    if (mark := said_of_cells("decimal_mark", column, name, answers)) in MARKS:
        said["decimal_mark"] = mark
    if str(century := said_of_cells("century", column, name, answers)).isdecimal():
        said["century"] = int(str(century))
    if isinstance(words := said_of_cells("words", column, name, answers), dict):
        said["words"] = {str(word): str(value) for word, value in words.items()}
    if isinstance(no_values := said_of_cells("no_values", column, name, answers), list):
        said["no_values"] = tuple(map(str, no_values))
    return Reading(kind=kind, **said)


def settled(decision: Decision, column: int, name: str, answers: Answers) -> Decision:
    """What was decided of a column, with the answers to what was open."""
    reading, still_open = decision.reading, list(decision.open)
    said = said_of_cells("no_values", column, name, answers)
    if "no_values" in still_open and said is not None:
        still_open.remove("no_values")
        if said == YES:
            reading = replace(reading, no_values=tuple(decision.proposed.get("no_values", ())))
    if "words" in still_open and said_of_cells("words", column, name, answers) is not None:
        still_open.remove("words")
    return decision._replace(reading=reading, open=tuple(still_open))


def about_cells(decision: Decision, column: int, name: str) -> Iterator[Question]:
    """Asks what is open of how the cells of a column are read."""
    for part in decision.open:
        examples = tuple(decision.examples.get(part, ()))
        proposed = decision.proposed.get(part)
        yield ASK[part](f"{part}-{column + 1}", name, examples, proposed)


def _about_order(id_: str, name: str, examples: Sequence[str], proposed: Any) -> Question:
    choices = tuple(Choice(order, words) for order, words in ORDERS.items() if order != "ymd" or proposed == "ymd")
    text = f"“{name}”: in which order are the dates written, such as {_listed(examples)}?"
    return Question(id_, "date_order", text, choices, proposed)


def _about_mark(id_: str, name: str, examples: Sequence[str], proposed: Any) -> Question:
    choices = tuple(Choice(mark, words) for mark, words in MARKS.items())
    text = f"“{name}”: what comes before the decimals? {_listed(examples)} can be read in two ways."
    return Question(id_, "decimal_mark", text, choices, proposed)


def _about_century(id_: str, name: str, examples: Sequence[str], proposed: Any) -> Question:
    first_years = dict.fromkeys([*([int(proposed)] if proposed else []), 2000, 1900, 1930])
    choices = tuple(Choice(str(first), f"the years {first} to {first + 99}") for first in first_years)
    text = f"“{name}”: in which hundred years are dates such as {_listed(examples)}?"
    return Question(id_, "century", text, choices, str(proposed) if proposed else None)


def _about_no_values(id_: str, name: str, examples: Sequence[str], proposed: Any) -> Question:
    choices = (Choice(YES, "there is no value in such a cell"), Choice(NO, "it is a text like any other"))
    text = f"“{name}”: what do cells with {_listed(examples)} mean?"
    return Question(id_, "no_values", text, choices, YES)


def _about_words(id_: str, name: str, examples: Sequence[str], proposed: Any) -> Question:
    choices = tuple(Choice(word, str((proposed or {}).get(word, "")), (word,)) for word in examples)
    text = f"“{name}”: what do {_listed(examples)} stand for? Answer with a value for each."
    return Question(id_, "words", text, choices)


ASK = {
    "date_order": _about_order,
    "decimal_mark": _about_mark,
    "century": _about_century,
    "no_values": _about_no_values,
    "words": _about_words,
}
"""How each part of a reading is asked about."""


def _listed(examples: Sequence[str]) -> str:
    return ", ".join(f"“{example}”" for example in examples) or "these"
