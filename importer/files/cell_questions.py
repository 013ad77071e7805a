"""Questions about the cells of a column: what only a person can say of how they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from importer.files.cells.calendar_days import likely_days
from importer.files.cells.country_codes import CODES
from importer.files.cells.evidence import Decision
from importer.files.cells.findings import MOST_EXAMPLES
from importer.files.cells.readings import DATE_ORDERS, PERCENTS, Reading
from importer.files.cells.words import folded
from importer.files.questions import Answers, Choice, Question

MARKS = {",": "a comma: 1.234,56", ".": "a point: 1,234.56"}
FIRST_YEAR = re.compile("[12][0-9]{3}", re.ASCII)
YES, NO = "yes", "no"
PARTS = ("date_order", "decimal_mark", "century", "percent", "words", "no_values")
"""What a person may say of how the cells of a column are read."""


class Said(NamedTuple):
    """What people have said of the cells of a column.

    Attributes:
        known: the parts of its reading that were said.
        final: those that were said of this very file, which its cells cannot contradict.
    """

    known: Reading
    final: frozenset[str]


def said_of_cells(kind: str, called: Sequence[str], answers: Answers) -> Said:
    """What people have said of the cells of a column.

    Args:
        called: its names in answers; what was said by the last counts most.
    """
    parts: dict[str, Any] = {}
    final: frozenset[str] = frozenset()
    for part in PARTS:
        for question in (f"{part}-{name}" for name in called):
            if (valid := _valid(part, answers.peek(question), kind)) is not None:
                answers.get(question)
                parts[part] = valid
                final |= {part} if answers.is_final(question) else frozenset()
    if parts.get("no_values") in (YES, NO):
        final = final - {"no_values"} | {parts.pop("no_values")}
    return Said(Reading(kind=kind, **parts), final)


def _valid(part: str, answer: Any, kind: str) -> Any:
    """The answer as a reading of this kind has it; None where it is none."""
    match part, answer:
        case "date_order", str() if answer in DATE_ORDERS:
            return answer
        case "decimal_mark", str() if answer in MARKS:
            return answer
        case "percent", str() if answer in PERCENTS:
            return answer
        case "century", int() | str() if FIRST_YEAR.fullmatch(str(answer)):
            return int(answer)
        case "words", dict() if kind == "country":
            codes = {str(word): str(code).strip().upper() for word, code in answer.items()}
            return codes if CODES.issuperset(codes.values()) else None
        case "words", dict():
            return {str(word): str(value) for word, value in answer.items()}
        case "no_values", list():
            return tuple(map(str, answer))
        case "no_values", str() if answer in (YES, NO):
            return answer
    return None


def settled(decision: Decision, said: Said) -> Decision:
    """What was decided of a column; what was said of this very file is not open."""
    reading = decision.reading
    still_open = [part for part in decision.open if part not in said.final]
    reading = replace(reading, **{part: getattr(said.known, part) for part in said.final if part in PARTS})
    if "no_values" in still_open and said.final & {YES, NO}:
        still_open.remove("no_values")
        if YES in said.final:
            reading = replace(reading, no_values=tuple(decision.proposed.get("no_values", ())))
    return decision._replace(reading=reading, open=tuple(still_open))


class Open(NamedTuple):
    """A part of a column's reading that only a person can say.

    Attributes:
        id: of the question.
        name: of the column.
        examples: cells that leave it open.
        proposed: what is likely; None: nothing is.
        reason: what leaves it open, in words.
    """

    id: str
    name: str
    examples: Sequence[str]
    proposed: Any
    reason: str


def about_cells(decision: Decision, column: int, name: str) -> Iterator[Question]:
    """Asks what is open of how the cells of a column are read."""
    for part in decision.open:
        examples = tuple(decision.examples.get(part, ()))
        proposed = decision.proposed.get(part)
        reason = decision.reasons[part]
        yield ASK[part](Open(f"{part}-{column + 1}", name, examples, proposed, reason))


def _about_order(asked: Open) -> Question:
    fitting = {order for example in asked.examples for order in likely_days(example) or ()}
    offered = [order for order in DATE_ORDERS if order in ("dmy", "mdy", asked.proposed) or order in fitting]
    choices = tuple(Choice(order, DATE_ORDERS[order]) for order in offered)
    text = f"“{asked.name}”: in which order are the dates written? {_sentence(asked.reason)}"
    return Question(asked.id, "date_order", text, choices, asked.proposed)


def _about_mark(asked: Open) -> Question:
    choices = tuple(Choice(mark, words) for mark, words in MARKS.items())
    text = f"“{asked.name}”: what comes before the decimals? {_sentence(asked.reason)}"
    return Question(asked.id, "decimal_mark", text, choices, asked.proposed)


def _about_century(asked: Open) -> Question:
    proposed = asked.proposed
    first_years = dict.fromkeys([*([int(proposed)] if proposed else []), 2000, 1900, 1930])
    choices = tuple(Choice(str(first), f"the years {first} to {first + 99}") for first in first_years)
    text = f"“{asked.name}”: in which hundred years are the dates? {_sentence(asked.reason)}"
    return Question(asked.id, "century", text, choices, str(proposed) if proposed else None)


def _about_percent(asked: Open) -> Question:
    choices = tuple(Choice(percent, words) for percent, words in PERCENTS.items())
    text = f"“{asked.name}”: what is a number with a percent sign? {_sentence(asked.reason)}"
    return Question(asked.id, "percent", text, choices, asked.proposed)


def _about_no_values(asked: Open) -> Question:
    choices = (Choice(YES, "there is no value in such a cell"), Choice(NO, "it is a text like any other"))
    text = f"“{asked.name}”: what do cells with {_listed(asked.examples)} mean?"
    return Question(asked.id, "no_values", text, choices, YES)


def _about_words(asked: Open) -> Question:
    proposed = asked.proposed or {}
    choices = tuple(Choice(word, str(proposed.get(folded(word), "")), (word,)) for word in asked.examples)
    text = (
        f"“{asked.name}”: what do {_listed(asked.examples)} stand for? {_sentence(asked.reason)}"
        " Answer with a value for each; rows with a word that has none fail."
    )
    likeliest = {choice.value: choice.text for choice in choices if choice.text}
    return Question(asked.id, "words", text, choices, likeliest or None)


ASK = {
    "date_order": _about_order,
    "decimal_mark": _about_mark,
    "century": _about_century,
    "percent": _about_percent,
    "no_values": _about_no_values,
    "words": _about_words,
}
"""How each part of a reading is asked about."""


def _listed(examples: Sequence[str]) -> str:
    words = ", ".join(f"“{example}”" for example in examples[:MOST_EXAMPLES]) or "these"
    more = len(examples) - MOST_EXAMPLES
    return f"{words} and {more:,} more" if more > 0 else words


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}." if reason else ""
