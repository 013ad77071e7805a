"""Choices about a file that only a person can make, and the answers that were given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

LEFT_OUT = "none"
"""The answer for a column that no field takes, and for a field that no column fills."""


UNKEPT = re.compile("[\0\ud800-\udfff]")
"""What Postgres takes into no JSON."""


class Choice(NamedTuple):
    """One answer to a question.

    Attributes:
        value: what is answered.
        text: what it means.
        examples: what the file has of it.
    """

    value: str
    text: str
    examples: tuple[str, ...] = ()


class Question(NamedTuple):
    """A choice that only a person can make.

    Attributes:
        id: of the question, within the file; answers are given by it.
        kind: what is asked: `encoding`, `delimiter`, `header`, `field`, `column`, `date_order`, …
        text: of the question.
        choices: the answers that there are; none where any text will do.
        default: the answer that is most likely right, where there is one; it is never taken without a person. To a
            question about words it is an object.
    """

    id: str
    kind: str
    text: str
    choices: tuple[Choice, ...] = ()
    default: Any = None

    def takes(self, answer: Any) -> bool:
        """Whether this is one of its answers."""
        return any(answer == choice.value for choice in self.choices)

    def as_json(self) -> dict[str, Any]:
        """What API and command print of it, and what the database keeps: text without NULs and lone surrogates."""
        choices = [
            {"value": choice.value, "text": _kept(choice.text), "examples": tuple(map(_kept, choice.examples))}
            for choice in self.choices
        ]
        return {**self._asdict(), "text": _kept(self.text), "choices": choices}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Question:
        """What `as_json` told."""
        choices = (Choice(one["value"], one["text"], tuple(one["examples"])) for one in told["choices"])
        return cls(told["id"], told["kind"], told["text"], tuple(choices), told["default"])


DIGITS = 9
"""A number of a column has no more."""


def names_in_answers(names: Sequence[str], column: int) -> list[str]:
    """What a column is called in the id of a question or answer: its name, or its number, which counts more.

    A name that is the number of another column is no name here.

    Args:
        names: of all columns.
        column: from 0.
    """
    number, name = str(column + 1), names[column]
    is_number = name.isdecimal() and len(name) <= DIGITS and 1 <= int(name) <= len(names)
    return [number] if is_number or not name.strip() else [name, number]


class Answers(Mapping[str, Any]):
    """Answers by the id of their question; it notes which were asked for, to tell the others."""

    def __init__(
        self, given: Mapping[str, Any] | None = None, remembered: Mapping[str, Any] | None = None
    ) -> None:
        """
        Args:
            given: about this very file.
            remembered: about an earlier one; they count where nothing was given, and the file may contradict them.
                An answer that is a value map adds to one that is remembered.
        """
        self._final = frozenset(given or {})
        self._given = dict(remembered or {})
        for question_id, answer in (given or {}).items():
            self._given[question_id] = _added(answer, self._given.get(question_id))
        self._used: set[str] = set()

    def __getitem__(self, question_id: str) -> Any:
        self._used.add(question_id)
        return self._given[question_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def peek(self, question_id: str) -> Any:
        """An answer, which counts as not asked for yet."""
        return self._given.get(question_id)

    def valid(self, question_id: str, is_valid: Callable[[str], bool]) -> str | None:
        """An answer that is a text or a number and may be one; None where there is none, or another one.

        Another one counts as an answer that nobody asked for.
        """
        answer = self._given.get(question_id)
        if not isinstance(answer, str | int) or isinstance(answer, bool) or not is_valid(str(answer)):
            return None
        self._used.add(question_id)
        return str(answer)

    def is_final(self, question_id: str) -> bool:
        """Whether it was answered about this very file."""
        return question_id in self._final

    @property
    def unused(self) -> list[str]:
        """Answers that nobody asked for."""
        return [question_id for question_id in self._given if question_id not in self._used]


def _added(answer: Any, remembered: Any) -> Any:
    """An answer with what is remembered beside it, where both are value maps."""
    return remembered | answer if isinstance(answer, dict) and isinstance(remembered, dict) else answer


def _kept(text: str) -> str:
    return UNKEPT.sub("\N{REPLACEMENT CHARACTER}", text)
