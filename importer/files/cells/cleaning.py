"""Takes from a cell what nobody typed or sees: blanks around it, invisible characters, marks of spreadsheets."""

from __future__ import annotations

import re
from collections.abc import Callable

from importer.files.cells.outcomes import Alteration

PAIRED_QUOTES = {
    "\u201c": "\u201d\u201c",
    "\u201d": "\u201d",
    "\u201e": "\u201c\u201d",
    "\u00ab": "\u00bb",
    "\u00bb": "\u00ab",
    "\u2018": "\u2019\u2018",
    "\u201a": "\u2018\u2019",
    "'": "'",
}
"""The quotes that people put around a whole cell: how they open, and how they may close."""

OPENERS = frozenset(["", " ", "=", *PAIRED_QUOTES])
"""What a cell begins with that may have to be cleaned, though all its characters are plain."""

NO_BREAK_BLANKS = "\u00a0\u2007\u202f"

JOINING = (
    "\u0600-\u109f\u1780-\u18af\u1cd0-\u1cff\ua8e0-\ua8ff\ufb50-\ufdff\ufe70-\ufefc"  # Arabic, Indic and others
    "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"  # emoji
)
"""Characters of the scripts in which a zero-width joiner or non-joiner changes what is seen."""

INVISIBLE = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
    f"|(?<![{JOINING}])[\u200c\u200d]|[\u200c\u200d](?=\\s|\\Z)"
)
LINE_BREAK = re.compile("[\x0b\x0c\x85\u2028\u2029]")
CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
NO_BREAK = re.compile(f"[{NO_BREAK_BLANKS}]")
FORMULA_QUOTES = re.compile(r'="((?:[^"]|"")*)"')
RUN = r"'?[\s\ufeff\u200b]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
TEXT_MARK = re.compile(rf"'(?=[0-9]|{RUN})(?![0-9]{{2}}[^\W\d_])")
"""A spreadsheet's mark of a text, and that of our own downloads (`importer.files.exports.safe_cells`). An
apostrophe before two digits and a letter ('90s) is one of the language."""


def is_clean(text: str) -> bool:
    """Whether a cell certainly needs no cleaning; an empty one does."""
    return text.isprintable() and text[:1] not in OPENERS and text[-1] != " "


def clean(text: str, *, keeps_no_break: bool = False) -> tuple[str, tuple[Alteration, ...]]:
    """Clean a cell until nothing is left to clean.

    Args:
        keeps_no_break: leave no-break blanks inside as they are, for who reads them as blanks anyhow.

    Returns:
        The cell, and what was altered. Of a cell that was nothing but blanks that is nothing.
    """
    if not text.strip():
        return "", ()
    steps = STEPS[:-1] if keeps_no_break else STEPS
    alterations: list[Alteration] = []
    before = None
    while before != text:
        before = text
        for kind, step in steps:
            after = step(text)
            if after != text:
                alterations.append(Alteration(kind, text, after or None))
                text = after
    return text, tuple(alterations)


def _without_formula_quotes(text: str) -> str:
    formula = FORMULA_QUOTES.fullmatch(text)
    return formula[1].replace('""', '"') if formula else text


def _without_quotes_around(text: str) -> str:
    inside = text[1:-1]
    closers = PAIRED_QUOTES.get(text[:1], "")
    if len(text) < 2 or text[-1] not in closers or any(quote in inside for quote in (text[0], *closers)):
        return text
    return inside


STEPS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("invisible", lambda text: INVISIBLE.sub("", text)),
    ("blanks_around", str.strip),
    ("line_break", lambda text: LINE_BREAK.sub("\n", text)),
    ("control", lambda text: CONTROL.sub("", text)),
    ("formula_quotes", _without_formula_quotes),
    ("quotes_around", _without_quotes_around),
    ("text_mark", lambda text: text[1:] if TEXT_MARK.match(text) else text),
    ("no_break_blank", lambda text: NO_BREAK.sub(" ", text)),
)
"""The kind of alteration, and what makes it; the last one is for those who do not read no-break blanks."""

RARE_IN_E2 = re.compile(rb"\xe2(?:\x80[\x80-\x8f\x98\x9a\x9c-\x9e\xa8-\xaf]|\x81[\x9f-\xaf])")
"""Of what UTF-8 writes with the byte E2 first: blanks, what is invisible, quotes that open; no dash, no euro."""


RARE_ESCAPE = re.compile(rb'\\(?:[bfu]|[nrt]"|(?<="\\)[nrt])')
"""Control characters as JSON writes them; line ends and tabs only at the beginning or the end of a cell."""

RARE_ENDS = ((b"=", b'"='), (b"'", b"\"'"), (b">", b'>"'))
"""What a cell may begin or end with, and a byte of it that is looked for first, since that is quicker."""


RARE_CHARACTERS = ((b"\xd8", b"\xd8\x9c"), (b"\xe3", b"\xe3\x80\x80"), (b"\xe1", b"\xe1\x9a\x80"))
"""The mark of Arabic letters and two blanks, each with its first byte."""


def may_need_cleaning(data: bytes) -> bool:
    """Whether some of these cells might have to be altered, though their columns are read as they are.

    It looks for what cleaning changes, and for what an address or a telephone number may end in (`>`, `.0` and
    `,0`). It says yes too often, and never wrongly no.

    Args:
        data: rows as compact JSON in UTF-8 or ASCII, whose cells have been written by `pydantic_core.to_json` or
            `json.dumps`.
    """
    if b"\\" in data and RARE_ESCAPE.search(data):
        return True
    if data.rfind(b'" ') >= 0 or data.rfind(b' "') >= 0:  # find() takes twice as long
        return True
    if data.rfind(b'.0"') >= 0 or data.rfind(b',0"') >= 0:
        return True
    if b"\x7f" in data or any(sign in data and opening in data for sign, opening in RARE_ENDS):
        return True
    return not data.isascii() and _has_rare_characters(data)


def _has_rare_characters(data: bytes) -> bool:
    if b"\xc2" in data or b"\xef" in data:
        return True
    if b"\xe2" in data and RARE_IN_E2.search(data):
        return True
    # To look for the first byte alone is quicker by far, and most files do not have it.
    return any(first in data and character in data for first, character in RARE_CHARACTERS)
