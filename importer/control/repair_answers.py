"""Rules as answers of a layout: so that the next file with the same columns is read so from the start."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from importer.files.detection import letters
from importer.files.mapping import Fill
from importer.files.repairs.rule import Rule
from importer.files.repairs.texts import Empty, Words
from importer.files.repairs.values import Dates, DecimalMark, Percent
from importer.lifecycle.layouts import REMEMBERED, header_digest, recall, remember
from importer.models import Import, User
from importer.record_types.mappings import mapping_of
from importer.services import Services

WORD_KINDS = frozenset({"yes_no", "choice"})
"""Kinds of fields whose columns have a value map."""

UNALTERED_TIMES = frozenset({("date", None), ("datetime", None), ("datetime", "keep")})
"""Kinds of fields, and what a rule does with times of day, where this is what reading the column does, too."""

NUMBER_KINDS = frozenset({"decimal", "integer"})


def answers_of(services: Services, import_: Import, rule: Rule) -> dict[str, Any]:
    """A rule as answers about the file's layout; nothing where it cannot be said so."""
    if len(rule.columns) != 1:
        return {}
    (place,) = rule.columns
    record_type = services.record_types[import_.record_type]
    mapping = mapping_of(record_type, import_.columns or [], import_.mapping)
    fills = [fill for fill in mapping.fills if fill.columns == (place,)]
    if len(fills) != 1:
        return {}
    return {f"{part}-{place + 1}": said for part, said in _parts(rule, fills[0]).items()}


def _parts(rule: Rule, fill: Fill) -> dict[str, Any]:
    """What the rule says of how cells are read, by the part of the reading."""
    kind, reading = fill.reading.kind, fill.reading
    match rule:
        case Dates() if (kind, rule.time) in UNALTERED_TIMES:
            century = {"century": rule.century} if rule.century else {}
            return {"date_order": rule.order, **century}
        case DecimalMark() if kind in NUMBER_KINDS:
            return {"decimal_mark": rule.mark}
        case Percent() if kind in NUMBER_KINDS:
            return {"percent": rule.percent}
        case Empty() if rule.cells:
            return {"no_values": list(dict.fromkeys([*reading.no_values, *rule.cells]))}
        case Words() if kind in WORD_KINDS and all(rule.words.values()):
            return {"words": {**reading.words, **rule.words}}
    return {}


def remember_rule(session: Session, services: Services, import_: Import, user: User, rule: Rule) -> bool:
    """Add a rule to what is remembered of the file's layout, as this person's answer; the caller commits.

    Returns:
        Whether it can be said as an answer.
    """
    answers = answers_of(services, import_, rule)
    if not answers:
        return False
    names = import_.header or []
    digest = header_digest(names, has_header=names != letters(len(names)))
    before = recall(session, import_.record_type, digest, user.id)
    given = {name: said for name, said in (import_.answers or {}).items() if name != REMEMBERED}
    kept = {**given, **(before.answers if before else {}), **answers}
    remember(session, import_.record_type, digest, user.id, kept)
    return True
