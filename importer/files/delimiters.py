"""The signs that stand between cells, what people call them, and how far each is believed to be one."""

from __future__ import annotations

import re

from importer.files.long_delimiters import may_be_long

DELIMITERS = {
    ",": "commas",
    ";": "semicolons",
    "\t": "tabs",
    "|": "pipes",
    ":": "colons",
    "^": "circumflexes",
    "~": "tildes",
    "#": "number signs",
    "&": "ampersands",
    "*": "asterisks",
    "\x1f": "unit separators",
    "\x01": "control characters 1",
    "§": "section signs",
    "¬": "not signs",
    "¦": "broken bars",
    " ": "blanks",
}
"""The delimiters that are tried, and what to call them; of two that fit as well the earlier one is taken."""

RARE = {",": 1.0, ";": 1.0, "\t": 1.0, "|": 0.97, "\x1f": 0.97, "\x01": 0.97, " ": 0.6}
"""How far a delimiter is believed; the others, which stand in texts for other reasons, by OTHERS."""
OTHERS = 0.8

COMMON = {sign: DELIMITERS[sign] for sign in ",;\t|"}
"""Those of which the evidence tells where else they appear."""


SAYS_DELIMITER = re.compile(r'"?sep=.').match
"""Begins a first line that names the delimiter, as Excel reads it."""


def delimiter_called(delimiter: str) -> str:
    """What people call a delimiter; one that is met with seldom is shown as it is."""
    if not delimiter:
        return "nothing: one cell to a line"
    half = delimiter[: len(delimiter) // 2]
    if half in DELIMITERS and half * 2 == delimiter:
        return f"double {DELIMITERS[half]}"
    return DELIMITERS.get(delimiter, repr(delimiter))


def is_delimiter(answer: str) -> bool:
    """Whether an answer may be a delimiter; empty: there is none."""
    return is_quote(answer) or may_be_long(answer)


def is_quote(answer: str) -> bool:
    """Whether an answer may be a quote, or a delimiter of one sign; empty: there is none."""
    return len(answer) <= 1 and answer not in ("\r", "\n", "\0")
