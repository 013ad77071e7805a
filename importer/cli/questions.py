"""The questions about a file, at a terminal: they are asked there, and only printed elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from importer.control.answers import answer
from importer.errors import RefusedFileError
from importer.files.questions import Choice, Question
from importer.models import Import, User
from importer.statuses import Status
from importer.web.extensions import db, services
from importer.web.formats import visible

WAITS = 3
"""The exit status of a command that leaves its import waiting for answers."""

WORDS = "words"
"""The kind of question that wants a value for each of its choices."""


def can_ask() -> bool:
    """Whether somebody sits at the other end of the standard input."""
    return sys.stdin.isatty()


def ask_all(import_: Import, user: User) -> None:
    """Ask one question after the other until none is left.

    Each is answered at once, for an answer may change or spare the next question. One with which the file cannot
    be imported is asked again.
    """
    while import_.status == Status.WAITING:
        question = questions_of(import_)[0]
        given = {question.id: _asked(question)}
        try:
            answer(db.session(), services(), import_, user, given)
        except RefusedFileError as error:
            click.echo(error.message, err=True)


def questions_of(import_: Import) -> list[Question]:
    """Those that are open."""
    return [Question.from_json(told) for told in import_.questions or []]


def _asked(question: Question) -> Any:
    click.echo(f"\n{visible(question.text)}", err=True)
    if question.kind == WORDS:
        return {choice.value: _value_of(choice) for choice in question.choices}
    if not question.choices:
        return click.prompt("Answer", default=question.default, err=True)
    for number, choice in enumerate(question.choices, 1):
        click.echo(f"  {number}) {_described(choice)}", err=True)
    places = {choice.value: number for number, choice in enumerate(question.choices, 1)}
    numbers = click.IntRange(1, len(question.choices))
    number = click.prompt("Number", type=numbers, default=places.get(question.default or ""), err=True)
    return question.choices[number - 1].value


def _value_of(word: Choice) -> str:
    return str(click.prompt(f"  {visible(word.value)} stands for", default=word.text or None, err=True))


def _described(choice: Choice) -> str:
    examples = ", ".join(f"“{visible(example)}”" for example in choice.examples if example.strip())
    return f"{visible(choice.text)}: {examples}" if examples else visible(choice.text)


def lines_about(import_: Import) -> Iterator[str]:
    """What is asked about a waiting import, and how to answer it."""
    questions = questions_of(import_)
    for question in questions:
        yield f"{question.id}: {visible(question.text)}"
        for choice in question.choices:
            mark = " (likeliest)" if choice.value == question.default else ""
            yield f"    {choice.value!r}{mark}: {_described(choice)}"
    if questions:
        yield (
            f"Answer at a terminal with `flask imports answer {import_.id}`, or elsewhere with --answers FILE,"
            f' which holds JSON such as {{"answers": {{"{questions[0].id}": …}}}}.'
        )
