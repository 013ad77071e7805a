"""The form of a rule: which kinds it offers for a field, and the rule that it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from importer.errors import RuleError

KINDS: dict[str, str] = {
    "dates": "Read the dates in another order",
    "decimal_mark": "Read the numbers with another decimal mark",
    "percent": "Read numbers with a percent sign",
    "words": "Say what each value stands for",
    "trim": "Remove blanks around the text",
    "replace": "Find and replace",
    "case": "Change capitals and small letters",
    "set": "Write the same text into every cell",
    "empty": "Leave the cell empty",
    "discard": "Discard the rows: they are not needed",
}
"""Every kind that the form offers, in words."""

OF_TEXTS = ("trim", "replace", "case", "set", "empty", "words", "discard")

OFFERED: dict[str, tuple[str, ...]] = {
    "date": ("dates", "replace", "set", "empty", "trim", "discard"),
    "datetime": ("dates", "replace", "set", "empty", "trim", "discard"),
    "decimal": ("decimal_mark", "percent", "replace", "set", "empty", "trim", "discard"),
    "integer": ("decimal_mark", "percent", "replace", "set", "empty", "trim", "discard"),
    "yes_no": ("words", "replace", "set", "empty", "trim", "discard"),
    "choice": ("words", "replace", "case", "set", "empty", "trim", "discard"),
    "email": ("replace", "trim", "empty", "set", "case", "discard"),
    "phone": ("replace", "trim", "empty", "set", "discard"),
    "code": ("words", "replace", "case", "trim", "set", "empty", "discard"),
}
"""By kind of field: the kinds of rules that make sense for it, the likeliest first; `OF_TEXTS` for any other."""

LIKELY: dict[str, str] = {
    "other_date_order": "dates",
    "ambiguous_date": "dates",
    "two_digit_year": "dates",
    "time_of_day": "dates",
    "day_number": "dates",
    "percent": "percent",
    "other_decimal_mark": "decimal_mark",
    "ambiguous_number": "decimal_mark",
    "not_yes_no": "words",
    "invalid_choice": "words",
    "too_long": "replace",
    "spreadsheet_error": "empty",
    "missing_value": "set",
    "repeated_header": "discard",
}
"""By code: the kind of rule that is chosen at first."""

TEXTS = {"set": ("value",), "replace": ("find", "by"), "case": ("to",), "decimal_mark": ("mark",)}
FLAGS = {"replace": ("pattern", "whole"), "trim": ("inside",)}


def rule_in(form: Mapping[str, str]) -> dict[str, Any]:
    """The rule that a form says, as JSON.

    Raises:
        RuleError: it says none.
    """
    kind = form.get("kind", "")
    if kind not in KINDS:
        raise RuleError("Choose what is to be done with the rows.")
    told: dict[str, Any] = {"kind": kind}
    if form.get("column", "").isdecimal() and kind != "discard":
        told["columns"] = [int(form["column"])]
    told |= {name: form.get(f"{kind}.{name}", "") for name in TEXTS.get(kind, ())}
    told |= {name: f"{kind}.{name}" in form for name in FLAGS.get(kind, ())}
    return told | _more(kind, form)


def _more(kind: str, form: Mapping[str, str]) -> dict[str, Any]:
    """The parameters that are neither a text nor a flag."""
    match kind:
        case "replace":
            return {"case": "replace.any_case" not in form}
        case "dates":
            century, time = form.get("dates.century", ""), form.get("dates.time") or None
            return {
                "order": form.get("dates.order", ""),
                "century": int(century) if century.isdecimal() else None,
                "time": time,
            }
        case "percent":
            return {"percent": form.get("percent.percent", "")}
        case "words":
            return {"words": _words(form)}
        case "empty":
            cells = form.get("empty.cells", "").strip()
            return {"cells": [cells] if cells else []}
    return {}


def _words(form: Mapping[str, str]) -> dict[str, str]:
    """What was said of some of the values; of the others nothing."""
    words = {}
    for name, value in form.items():
        if name.startswith("words[") and name.endswith("]") and value.strip():
            words[name.removeprefix("words[").removesuffix("]")] = value.strip()
    if not words:
        raise RuleError("Say of at least one value what it stands for.")
    return words
