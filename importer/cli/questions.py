"""The questions about a file, at a terminal: they are asked there, and only printed elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click

from importer.control.answers import answer
from importer.control.options import Options
from importer.control.repeats import open_questions
from importer.control.reports import warnings_of
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


RIGHT = "Are these right? Else each is asked about; a blank leaves one without a value."


def can_ask() -> bool:
    """Whether somebody sits at the other end of the standard input."""
    return sys.stdin.isatty()


def ask_all(import_: Import, user: User) -> None:
    """Ask one question after the other until none is left.

    Each is answered at once, for an answer may change or spare the next question. One with which the file cannot
    be imported is asked again.

    Args:
        user: who sits there.
    """
    while import_.status == Status.WAITING:
        questions = open_questions(import_)
        given = {questions[0].id: _asked(questions[0])} if questions else _confirmed(import_)
        try:
            answer(db.session(), services(), import_, user, Options(given))
        except RefusedFileError as error:
            click.echo(error.message, err=True)


def _confirmed(import_: Import) -> dict[str, Any]:
    """No answers, once a person has read why an import waits without questions; else the command ends."""
    for warning in warnings_of(import_):
        click.echo(visible(warning), err=True)
    click.confirm("Import the file so?", abort=True, err=True)
    return {}


def _asked(question: Question) -> Any:
    click.echo(f"\n{visible(question.text)}", err=True)
    if question.kind == WORDS:
        return _asked_words(question.choices)
    if not question.choices:
        return click.prompt("Answer", default=question.default, err=True)
    for number, choice in enumerate(question.choices, 1):
        click.echo(f"  {number}) {_described(choice)}", err=True)
    places = {choice.value: number for number, choice in enumerate(question.choices, 1)}
    numbers = click.IntRange(1, len(question.choices))
    number = click.prompt("Number", type=numbers, default=places.get(question.default or ""), err=True)
    return question.choices[number - 1].value


def _asked_words(words: Sequence[Choice]) -> dict[str, str]:
    """A value for each word: those that are proposed together, or one by one; a word may be left without one."""
    proposed = [word for word in words if word.text]
    for word in proposed:
        click.echo(f"  {_described_word(word)}", err=True)
    takes_all = bool(proposed) and click.confirm(RIGHT, default=True, err=True)
    said = {word.value: word.text if takes_all and word.text else _value_of(word) for word in words}
    return {word: value for word, value in said.items() if value}


def _value_of(word: Choice) -> str:
    prompt = f"  {visible(word.value)} stands for"
    return str(click.prompt(prompt, default=word.text, show_default=bool(word.text), err=True)).strip()


def _described_word(word: Choice) -> str:
    return f"{visible(word.value)} → {visible(word.text) or '?'}"


def _described(choice: Choice) -> str:
    examples = ", ".join(f"“{visible(example)}”" for example in choice.examples if example.strip())
    return f"{visible(choice.text)}: {examples}" if examples else visible(choice.text)


def lines_about(import_: Import) -> Iterator[str]:
    """What is asked about a waiting import, and how to answer it."""
    questions = open_questions(import_)
    for question in questions:
        yield f"{question.id}: {visible(question.text)}"
        if question.kind == WORDS:
            yield from (f"    {_described_word(word)}" for word in question.choices)
            continue
        for choice in question.choices:
            mark = " (likeliest)" if choice.value == question.default else ""
            yield f"    {choice.value!r}{mark}: {_described(choice)}"
    if not questions and import_.status == Status.WAITING:
        yield f"Nothing is asked. `flask imports show {import_.id}` says why; `flask imports answer` begins."
    if questions:
        yield (
            f"Answer at a terminal with `flask imports answer {import_.id}`, or elsewhere with --answers FILE,"
            f' which holds JSON such as {{"answers": {{"{questions[0].id}": …}}}}.'
        )
