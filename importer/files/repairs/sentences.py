"""What a rule does, in words for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from importer.files.cells.readings import DECIMAL_MARKS, PERCENTS
from importer.files.repairs.rule import Rule
from importer.files.repairs.texts import Case, Empty, Replace, SetText, Trim, Words
from importer.files.repairs.values import Dates, DecimalMark, Percent

SHOWN_CHARS = 40
SHOWN_COLUMNS = 3
SHOWN_WORDS = 3

ORDERS = {
    "dmy": "day, month, year",
    "mdy": "month, day, year",
    "ymd": "year, month, day",
    "serial": "day numbers of a spreadsheet",
}
CASES = {"upper": "capitals", "lower": "small letters", "title": "small letters with a capital for each word"}


def in_words(rule: Rule, names: Sequence[str]) -> str:
    """A sentence without its full stop, such as `Replace “,” by “.” in balance`.

    Args:
        names: of all columns of the file.
    """
    if not rule.columns:
        return SENTENCES[rule.kind](rule)
    shown = [_name(place, names) for place in rule.columns[:SHOWN_COLUMNS]]
    more = len(rule.columns) - SHOWN_COLUMNS
    listed = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
    return f"{SENTENCES[rule.kind](rule)} in {listed}"


def _name(place: int, names: Sequence[str]) -> str:
    name = " ".join(names[place].split()) if place < len(names) else ""
    return _shown(name) if name else f"column {place + 1}"


def _shown(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else f"{text[: SHOWN_CHARS - 1]}…"


def _set(rule: SetText) -> str:
    return f"Write “{_shown(rule.value)}”"


def _replace(rule: Replace) -> str:
    what = "the pattern " if rule.pattern else "the whole cell " if rule.whole else ""
    how = "" if rule.case else ", whatever its case,"
    by = f"by “{_shown(rule.by)}”" if rule.by else "by nothing"
    return f"Replace {what}“{_shown(rule.find)}”{how} {by}"


def _trim(rule: Trim) -> str:
    return "Remove blanks around the text" + (" and repeated ones" if rule.inside else "")


def _case(rule: Case) -> str:
    return f"Write {CASES[rule.to]}"


def _dates(rule: Dates) -> str:
    years = f", years of two digits in {rule.century} to {rule.century + 99}" if rule.century else ""
    time = ", without the time of day" if rule.time == "drop" else ""
    return f"Read dates as {ORDERS[rule.order]}{years}{time}"


def _mark(rule: DecimalMark) -> str:
    return f"Read numbers with {DECIMAL_MARKS[rule.mark]}"


def _percent(rule: Percent) -> str:
    return f"Read percent so that {PERCENTS[rule.percent]}"


def _words(rule: Words) -> str:
    pairs = [f"“{_shown(word)}” as “{_shown(said)}”" for word, said in list(rule.words.items())[:SHOWN_WORDS]]
    more = len(rule.words) - SHOWN_WORDS
    return f"Read {', '.join(pairs)}" + (
        f" and {more} more {'word' if more == 1 else 'words'}" if more > 0 else ""
    )


def _empty(rule: Empty) -> str:
    said = ", ".join(f"“{_shown(cell)}”" for cell in rule.cells[:SHOWN_WORDS])
    more = len(rule.cells) - SHOWN_WORDS
    return (
        f"Leave cells that say {said}{f' and {more} more' if more > 0 else ''} empty"
        if said
        else "Leave the cell empty"
    )


SENTENCES: dict[str, Callable[..., str]] = {
    "set": _set,
    "replace": _replace,
    "trim": _trim,
    "case": _case,
    "dates": _dates,
    "decimal_mark": _mark,
    "percent": _percent,
    "words": _words,
    "empty": _empty,
    "discard": lambda _: "Discard the rows",
    "restore": lambda _: "Bring discarded rows back",
    "retry": lambda _: "Try the rows again as they are",
}
"""What each kind of rule does."""
