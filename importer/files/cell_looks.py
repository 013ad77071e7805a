"""How far a piece of text looks like one cell of a table: a number, a date, an address, a name."""

from __future__ import annotations

import re

QUOTES = ('"', "'")
FORMULA = '="'

KNOWN = re.compile(
    r"""
      [+-]?\d{1,20}                                                  # a whole number
    | [+-]?\d*[.,]\d+(?:[eE][+-]?\d+)?%?                             # a decimal
    | [+-]?\d{1,3}(?:[.,'\u2019\u00a0\u202f ]\d{3})+(?:[.,]\d+)?     # with thousands
    | [($€£¥-]{1,3}\s?[\d.,]+\)?|[\d.,]+\s?(?:[$€£¥%]|EUR|USD)       # an amount
    | \d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T\s]\d{1,2}:\d{2}\S*(?:\s[AaPp][Mm])?)?  # a date, maybe with a time
    | \d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[AaPp][Mm])?           # a time
    | [\w.+-]+@[\w.-]+\.\w{2,}                                       # an e-mail address
    | (?:https?|ftp)://\S+|www\.\S+                                  # an address of the web
    | [+(]?\d[\d\s()/.-]{5,20}                                       # a telephone number
    | [A-Za-z0-9_]++(?:[-_.][A-Za-z0-9_]++)*+                        # a name or a code
    | [\[{].*[\]}]                                                   # JSON
    | ="[^"]*"                                                       # a text as a formula of a spreadsheet
    """,
    re.VERBOSE,
).fullmatch
WORDS = re.compile(r"[^\W_](?:[^\W_]|['’.,!?()/&+-](?! {2})| (?! {2}))*+").fullmatch
DIVIDED = re.compile(r"[,;]\S|[\t|]").search
"""What looks like several cells."""

ALIGNED = re.compile(r"\S {2,}\S").search
"""Columns that stand one below the other, with blanks between them."""

LONG = 200
"""Of a longer cell only the beginning is looked at."""


def likeness(text: str) -> float:
    """1 for what is known, less for text that may be several cells, or has quotes that were not taken for such."""
    if not text:
        return 0.6
    text = text[:LONG]
    if text.startswith(FORMULA) and KNOWN(text):
        return 1.0
    if any(text.startswith(quote) or text.endswith(quote) for quote in QUOTES) and len(text) > 1:
        return 0.05  # a quote that was not taken for one
    if KNOWN(text):
        return 1.0
    if DIVIDED(text):
        return 0.25
    return 0.9 if WORDS(text) else 0.5
