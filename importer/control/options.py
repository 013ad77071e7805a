"""What a script may say of a file: answers to the questions about it, and names of layouts."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from importer.errors import OptionsError
from importer.files.questions import LEFT_OUT
from importer.models import MAX_LAYOUT_NAME, Notify

PROFILE = ("encoding", "delimiter", "quote", "header", "sheet")

SHAPE = (
    'Options are a JSON object such as {"profile": {"encoding": "cp1252"}, "mapping": {"E-Mail": "email", '
    '"Notes": null}, "constants": {"company": "ACME"}, "defaults": {}, "readings": {"Balance": {"decimal_mark": '
    '","}}, "empty_cells": "clear", "answers": {}, "layout": "SAP contacts", "save_layout": "SAP contacts"}.'
)

NO_NAME = f"The name of a layout is a text of 1 to {MAX_LAYOUT_NAME} characters that can all be seen."


@dataclass(frozen=True)
class Options:
    """What is said of a file.

    Attributes:
        given: answers, by question.
        layout: the name of the layout by which it is read; None: not said.
        save_layout: the name under which the answers that count are kept; empty: under none, None: not said.
        may_wait: whether the import may wait for answers; else a file that needs some is refused.
        asks_about_repeat: whether it waits for a person's word where the same content was imported before; else
            that is only told.
        notify: when who uploads is written to; None: as they chose for all their imports.
    """

    given: Mapping[str, Any] = field(default_factory=dict)
    layout: str | None = None
    save_layout: str | None = None
    may_wait: bool = True
    asks_about_repeat: bool = False
    notify: Notify | None = None

    def with_names(self, layout: str | None, save_layout: str | None) -> Options:
        """The same, with what else is said of the names of layouts.

        Raises:
            OptionsError: one is none.
        """
        return replace(
            self,
            layout=self.layout if layout is None else layout_name(layout),
            save_layout=self.save_layout if save_layout is None else _saved_name(save_layout),
        )


def options_from_text(text: str) -> Options:
    """Options that are written as JSON.

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


def options_from(told: Any) -> Options:
    """What options mean that were read from JSON.

    Raises:
        OptionsError: they have another shape.
    """
    if not isinstance(told, dict) or told.keys() - PARTS.keys() - set(NAMES):
        raise OptionsError(SHAPE)
    answers: dict[str, Any] = {}
    for name, part in told.items():
        if name in NAMES:
            continue
        if name != "empty_cells" and not isinstance(part, dict):
            raise OptionsError(SHAPE)
        answers |= PARTS[name](part)
    refuse_unwritable(answers)
    layout = layout_name(told["layout"]) if told.get("layout") is not None else None
    saved = _saved_name(told["save_layout"]) if "save_layout" in told else None
    return Options(answers, layout, saved)


def layout_name(said: Any) -> str:
    """The name of a layout as it is kept: without blanks around it, accents as parts of their letters.

    Raises:
        OptionsError: it is none.
    """
    name = unicodedata.normalize("NFC", said).strip() if isinstance(said, str) else ""
    if not name or len(name) > MAX_LAYOUT_NAME or not name.isprintable():
        raise OptionsError(NO_NAME)
    return name


def _saved_name(said: Any) -> str:
    """A name to keep answers under; empty where there shall be none."""
    is_none = said is None or (isinstance(said, str) and not said.strip())
    return "" if is_none else layout_name(said)


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

NAMES = ("layout", "save_layout")
"""The parts that are the name of a layout."""
