"""What a script may say of a file, as answers to the questions about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from importer.errors import OptionsError
from importer.files.questions import LEFT_OUT

PROFILE = ("encoding", "delimiter", "quote", "header", "sheet")

SHAPE = (
    'Options are a JSON object such as {"profile": {"encoding": "cp1252"}, "mapping": {"E-Mail": "email", '
    '"Notes": null}, "constants": {"company": "ACME"}, "defaults": {}, "readings": {"Balance": {"decimal_mark": '
    '","}}, "empty_cells": "clear", "answers": {}}.'
)


def options_from_text(text: str) -> dict[str, Any]:
    """The answers in options that are written as JSON.

    Raises:
        OptionsError: they are no such JSON.
    """
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OptionsError(f"The options are no JSON. {SHAPE}") from error
    return options_from(told)


def refuse_unwritable(answers: Mapping[str, Any]) -> None:
    """Refuse answers that the database cannot keep.

    Raises:
        OptionsError: they hold NUL characters, or halves of characters.
    """
    text = json.dumps(answers, ensure_ascii=False)
    if "\\u0000" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise OptionsError("An answer holds a NUL character, or half of one. Remove it.")


def options_from(told: Any) -> dict[str, Any]:
    """The answers that options mean, by question.

    Raises:
        OptionsError: they have another shape.
    """
    if not isinstance(told, dict) or told.keys() - PARTS.keys():
        raise OptionsError(SHAPE)
    answers: dict[str, Any] = {}
    for name, part in told.items():
        if name != "empty_cells" and not isinstance(part, dict):
            raise OptionsError(SHAPE)
        answers |= PARTS[name](part)
    refuse_unwritable(answers)
    return answers


def _profile(said: Mapping[str, Any]) -> dict[str, Any]:
    if said.keys() - set(PROFILE):
        raise OptionsError(f"A profile has {', '.join(PROFILE)}.")
    return {name: LEFT_OUT if value is None else str(value) for name, value in said.items()}


def _mapping(said: Mapping[str, Any]) -> dict[str, Any]:
    return {f"column-{name}": LEFT_OUT if field is None else str(field) for name, field in said.items()}


def _constants(said: Mapping[str, Any]) -> dict[str, Any]:
    return {f"field-{name}": f"={value}" for name, value in said.items()}


def _defaults(said: Mapping[str, Any]) -> dict[str, Any]:
    return {f"default-{name}": str(value) for name, value in said.items()}


def _readings(said: Mapping[str, Any]) -> dict[str, Any]:
    if not all(isinstance(parts, dict) for parts in said.values()):
        raise OptionsError(SHAPE)
    return {f"{part}-{name}": value for name, parts in said.items() for part, value in parts.items()}


PARTS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "profile": _profile,
    "mapping": _mapping,
    "constants": _constants,
    "defaults": _defaults,
    "readings": _readings,
    "empty_cells": lambda said: {"empty_cells": str(said)},
    "answers": dict,
}
"""The parts of options, and what each means."""
