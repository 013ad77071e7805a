"""A layout's answers: they call columns by their numbers, for the next file may write the names otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from importer.files.cell_questions import PARTS
from importer.files.names import normalised
from importer.files.openings import listed
from importer.files.questions import LEFT_OUT, names_in_answers

ABOUT_COLUMNS = ("column", *PARTS)
"""What the ids of answers about a column begin with."""


def numbered(answers: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The same answers with the number of a column instead of its name; what is said by number counts more.

    Args:
        names: of the file's columns.
    """
    found, by_name = dict(answers), set()
    for column in range(len(names)):
        *called, number = names_in_answers(names, column)
        for part, name in ((part, name) for name in called for part in ABOUT_COLUMNS):
            if f"{part}-{name}" in answers:
                by_name.add(f"{part}-{name}")
                found.setdefault(f"{part}-{number}", answers[f"{part}-{name}"])
    return {question: answer for question, answer in found.items() if question not in by_name}


def not_overruled(answers: Mapping[str, Any], given: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """A layout's answers without those that answers given beside it take the place of.

    Args:
        answers: by the numbers of columns.
        given: by their names or numbers.
        names: of the file's columns.
    """
    said = numbered(given, names)
    fields = {str(answer) for question, answer in said.items() if question.startswith("column-")} - {LEFT_OUT}
    fields |= {question.removeprefix("field-") for question in said if question.startswith("field-")}
    return {
        question: answer
        for question, answer in answers.items()
        if question not in said and _field_of(question, answer) not in fields
    }


def _field_of(question: str, answer: Any) -> str | None:
    """The field whose source an answer says; None where it says something else."""
    if question.startswith("column-"):
        return str(answer)
    return question.removeprefix("field-") if question.startswith("field-") else None


def difference(expected: Sequence[str], found: Sequence[str]) -> str:
    """What a header has and lacks that was expected otherwise, in words.

    Args:
        expected: the names of the layout's columns.
        found: those of the file's.
    """
    known, there = (frozenset(map(normalised, names)) for names in (expected, found))
    new = [name for name in found if normalised(name) not in known]
    lacking = [name for name in expected if normalised(name) not in there]
    told = [f"New are: {listed(new)}."] if new else []
    told += [f"It lacks: {listed(lacking)}."] if lacking else []
    return " ".join(told) or "They are the same columns in another order, or some stand in it more often."
