"""Numbers as people and spreadsheets write them, read exactly: digits stay as they are, nothing is rounded."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from importer.files.cells.currencies import is_currency
from importer.files.cells.outcomes import ReadCell, altered, faulty, unaltered
from importer.files.cells.readings import DECIMAL_MARKS

MINUSES = "-\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"
PLUSES = "+\uff0b"
BLANKS = " \u00a0\u2007\u2009\u202f"
BLANK = f"[{BLANKS}]"
SEPARATORS = {".": ",", ",": "."}
"""By decimal mark: the sign that stands between thousands in its stead."""

EXAMPLES = {None: "1234.56", ".": "1234.56", ",": "1234,56"}

PLAIN = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
"""A number that needs no reading, where the point is the decimal mark."""

PLAIN_BY_ANY_MARK = re.compile(r"-?(?:[0-9]+(?:\.(?:[0-9]{1,2}|[0-9]{4,}))?|(?:0[0-9]*|[0-9]{4,})\.[0-9]+)")
"""A number that needs no reading whatever the decimal mark is, since nowhere three digits may be thousands."""

WITH_COMMA = re.compile(r"-?(?:[0-9]+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+)(?:,[0-9]+)?")
"""The usual number of a column with a decimal comma."""

DIGITS = rf"[0-9.,](?:[0-9.,'\u2019{BLANKS}]*[0-9.,])?(?:[eE][+-]?[0-9]+)?"
CURRENCY = rf"[^\s0-9.,()'\u2019{re.escape(MINUSES)}{PLUSES}]{{1,4}}\.?"

BARE = re.compile(rf"-?(?P<digits>{DIGITS})")
DRESSED = re.compile(
    rf"(?P<open>\()?{BLANK}*+(?P<sign>[{MINUSES}{PLUSES}])?{BLANK}*+(?P<before>{CURRENCY})?{BLANK}*+"
    rf"(?P<inner>[{MINUSES}{PLUSES}])?{BLANK}*+(?P<digits>{DIGITS}){BLANK}*+(?P<behind>[{MINUSES}])?{BLANK}*+"
    rf"(?P<after>{CURRENCY})?{BLANK}*+(?P<last>[{MINUSES}])?{BLANK}*+(?P<close>\))?"
)
"""A number with what may stand around it."""

PERCENT = re.compile(rf"%{BLANK}*(?P<behind>[^%]+)|(?P<before>[^%]+?){BLANK}*%")

MOST_CHARS = 100
"""A longer cell with anything but digits and a decimal mark is no number."""


class Written(NamedTuple):
    """A number as it is written.

    Attributes:
        digits: with the signs between them and the exponent.
        is_negative: whether a minus or parentheses stand around it.
        dress: the kind of alteration that taking off what stands around it is; None: nothing but a plain minus at
            most.
    """

    digits: str
    is_negative: bool
    dress: str | None


def _groups(mark: str) -> re.Pattern[str]:
    """Digits with one kind of sign between thousands and this decimal mark; with a point also the groups of two
    that are usual in India."""
    between = rf"{re.escape(SEPARATORS[mark])}|'|\u2019|{BLANK}"
    lakhs = "|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}" if mark == "." else ""
    grouped = rf"[1-9][0-9]{{0,2}}(?P<between>{between})[0-9]{{3}}(?:(?P=between)[0-9]{{3}})*{lakhs}"
    point = re.escape(mark)
    ungrouped = rf"(?:[0-9]+(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    return re.compile(rf"(?:{grouped})(?:{point}[0-9]*)?|{ungrouped}")


GROUPS = {mark: _groups(mark) for mark in DECIMAL_MARKS}
GROUPED = re.compile(rf"['\u2019]|{BLANK}")


def undressed(text: str) -> Written | None:
    """What is written around a number; None where the text is none."""
    if len(text) > MOST_CHARS:
        return None
    if bare := BARE.fullmatch(text):
        return Written(bare["digits"], text[0] == "-", None)
    found = DRESSED.fullmatch(text)
    if found is None:
        return None
    signs = [sign for sign in found.group("sign", "inner", "behind", "last") if sign]
    currencies = [currency for currency in found.group("before", "after") if currency]
    in_parentheses = bool(found["open"])
    if in_parentheses != bool(found["close"]) or len(signs) + in_parentheses > 1:
        return None
    if len(currencies) > 1 or not all(map(is_currency, currencies)):
        return None
    if (found["behind"] or found["last"]) and not found["digits"][-1].isdigit():
        return None  # 12,- is a price without cents, and not negative
    is_negative = in_parentheses or (bool(signs) and signs[0] in MINUSES)
    return Written(found["digits"], is_negative, "currency" if currencies else "sign")


def without_percent(text: str) -> str | None:
    """The number to which a percent sign belongs; None where there is no such sign."""
    found = PERCENT.fullmatch(text) if "%" in text and len(text) <= MOST_CHARS else None
    return (found["behind"] or found["before"]) if found else None


def digits_by(mark: str, digits: str) -> str | None:
    """Digits written plainly, if this is the decimal mark; None where they cannot be read so."""
    if not GROUPS[mark].fullmatch(digits):
        return None
    plain = GROUPED.sub("", digits).replace(SEPARATORS[mark], "").replace(mark, ".")
    return plain[:-1] if plain[-1] == "." and digits[-1] == "," else plain


def readings_of(text: str) -> dict[str, str]:
    """What a number is by each decimal mark, written plainly; empty where it is none."""
    written = undressed(text)
    return _by_mark(written) if written else {}


def _by_mark(written: Written) -> dict[str, str]:
    sign = "-" if written.is_negative else ""
    by_mark = {mark: digits_by(mark, written.digits) for mark in DECIMAL_MARKS}
    return {mark: sign + digits for mark, digits in by_mark.items() if digits is not None}


def number_reader(mark: str | None, percent: str | None = None) -> Callable[[str], ReadCell]:
    """What reads the numbers of a column.

    Args:
        mark: its decimal mark; None: not known, and a number that it would change is not read.
        percent: what a number with a percent sign is; None: not known.
    """
    plain = PLAIN if mark == "." else PLAIN_BY_ANY_MARK

    def read(text: str) -> ReadCell:
        return unaltered(text) if plain.fullmatch(text) else _read_slowly(text, mark)

    read_bare = _read_with_comma if mark == "," else read

    def read_percent(text: str) -> ReadCell:
        return _read_percent(text, read_bare, percent == "share") if "%" in text else read_bare(text)

    return read_percent if percent else read_bare


def _read_percent(text: str, read: Callable[[str], ReadCell], is_share: bool) -> ReadCell:
    """The number with a percent sign, or, as a share, its hundredth."""
    bare = without_percent(text)
    outcome = read(text if bare is None else bare)
    if outcome.fault or outcome.text is None:
        return outcome._replace(text=text)
    return altered("percent", text, f"{Decimal(outcome.text).scaleb(-2):f}" if is_share else outcome.text)


def _read_with_comma(text: str) -> ReadCell:
    if not WITH_COMMA.fullmatch(text):
        return _read_slowly(text, ",")
    if "." in text:
        return altered("thousands", text, text.replace(".", "").replace(",", "."))
    return altered("decimal_mark", text, text.replace(",", ".")) if "," in text else unaltered(text)


def _read_slowly(text: str, mark: str | None) -> ReadCell:
    written = undressed(text)
    by_mark = _by_mark(written) if written else {}
    if written is None or not by_mark:
        code = "percent" if any(sign in text for sign in "%\u2030") else "not_a_number"
        return faulty(code, text, example=EXAMPLES[mark])
    if mark is None and len(set(by_mark.values())) > 1:
        return faulty("ambiguous_number", text, point=by_mark["."], comma=by_mark[","])
    if mark is not None and mark not in by_mark:
        return faulty("other_decimal_mark", text, mark=DECIMAL_MARKS[mark], example=EXAMPLES[mark])
    plain = by_mark[mark] if mark else next(iter(by_mark.values()))
    if plain == text:
        return unaltered(text)
    has_only_mark = text.replace(",", ".") == plain
    return altered(written.dress or ("decimal_mark" if has_only_mark else "thousands"), text, plain)
