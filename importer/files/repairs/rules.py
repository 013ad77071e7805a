"""Every kind of rule: made of JSON, and applied to the cells of a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any

from importer.errors import RuleError
from importer.files.repairs.rule import MOST_CELL_CHARS, Mark, Rule
from importer.files.repairs.texts import Case, Empty, Replace, SetText, Trim, Words
from importer.files.repairs.values import Dates, DecimalMark, Percent


@dataclass(frozen=True, kw_only=True)
class Discard(Rule):
    """The rows are not needed."""

    kind = "discard"


@dataclass(frozen=True, kw_only=True)
class Restore(Rule):
    """Discarded rows are needed after all."""

    kind = "restore"


@dataclass(frozen=True, kw_only=True)
class Retry(Rule):
    """The rows may pass as they are: something else was mended."""

    kind = "retry"


RULES: dict[str, type[Rule]] = {
    rule.kind: rule
    for rule in (
        SetText,
        Replace,
        Trim,
        Case,
        Dates,
        DecimalMark,
        Percent,
        Words,
        Empty,
        Discard,
        Restore,
        Retry,
    )
}
"""Every kind of rule."""

WITHOUT_COLUMNS: dict[str, Mark] = {
    Discard.kind: Mark.DISCARD,
    Restore.kind: Mark.RESTORE,
    Retry.kind: Mark.RETRY,
}
"""Kinds that change no cell."""


def rule_from_json(told: Any) -> Rule:
    """The rule that JSON says.

    Raises:
        RuleError: it says none; the sentence names the parameter and what it should be.
    """
    if not isinstance(told, dict) or not isinstance(kind := told.get("kind"), str) or kind not in RULES:
        raise RuleError(
            f'A rule is an object with a "kind", one of {", ".join(RULES)}, such as {{"kind": "trim"}}.'
        )
    known = {one.name: one for one in fields(RULES[kind])}
    given = {name: value for name, value in told.items() if name != "kind"}
    if unknown := given.keys() - known.keys():
        raise RuleError(f'A rule "{kind}" has no "{min(unknown)}". It has {", ".join(known)}.')
    for name, one in known.items():
        if one.default is MISSING and name not in given:
            raise RuleError(f'A rule "{kind}" needs "{name}".')
    return RULES[kind](**given)


def apply(rule: Rule, cells: Sequence[str]) -> list[str] | Mark:
    """What becomes of a row: its cells, of which some may be changed, or a mark.

    Args:
        cells: of the row; those that it lacks at its end are empty.
    """
    if rule.kind in WITHOUT_COLUMNS:
        return WITHOUT_COLUMNS[rule.kind]
    changed = list(cells)
    for place in rule.columns:
        before = changed[place] if place < len(changed) else ""
        after = rule.change(before)
        if after != before and len(after) <= MOST_CELL_CHARS:
            changed += [""] * (place + 1 - len(changed))
            changed[place] = after
    return changed
