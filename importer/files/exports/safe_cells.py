"""Cells as a spreadsheet may have them: none is run as a formula, and each is read back as it was.

A cell that begins like a formula gets an apostrophe in front, and so does one that begins so behind apostrophes of
its own: so one is taken away again wherever a cell begins so, and nowhere else.
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_letters, digits

RUN = re.compile("'*[\\s\ufeff\u200b]*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What a spreadsheet might run, or what only apostrophes keep from that; the last four are full-width forms."""

UNWRITABLE = re.compile("[\0\ud800-\udfff]")
"""NUL, and surrogates, which stand for bytes that were no text (PEP 383)."""

ESCAPE = re.compile(r"\\x(00|[89a-f][0-9a-f])|\\u(d[89a-f][0-9a-f]{2})")
LINE_END = re.compile("\r\n?")

HARMLESS = frozenset(["", *ascii_letters, *digits])
"""What a cell begins with that nothing runs."""

CELL_UNITS = 32_767
"""Of UTF-16, the most that a cell of Excel holds (its specifications and limits)."""


def written(cell: str) -> str:
    """A cell as it is written into a file: what is no text as `\\xfc`, and nothing that is run."""
    text = UNWRITABLE.sub(_escaped, cell)
    return f"'{text}" if RUN.match(text) else text


def written_row(cells: Sequence[str]) -> list[str]:
    """The cells of a row as `written` has them; most rows need no look at each of their characters."""
    text = "".join(cells)
    if "\0" in text or (not text.isascii() and UNWRITABLE.search(text)):
        return list(map(written, cells))
    return [cell if cell[:1] in HARMLESS else written(cell) for cell in cells]


def read_back(text: str, kept: str = "") -> str:
    """The cell that somebody means by a text in a file.

    Args:
        kept: the cell that was written there. Where its text is the same, so is the cell.
    """
    if is_unchanged(text, kept):
        return kept
    cell = without_mark(text)
    return ESCAPE.sub(_unescaped, cell) if UNWRITABLE.search(kept) else cell


def without_mark(text: str) -> str:
    """A text without the apostrophe that `written` put before it."""
    return text[1:] if text[:1] == "'" and RUN.match(text) else text


def is_unchanged(text: str, kept: str) -> bool:
    """Whether a text is what was written of a cell; spreadsheets alter line ends, and cut long cells."""
    before = written(kept)
    if text == before:
        return True
    plain, plain_before = LINE_END.sub("\n", text), LINE_END.sub("\n", before)
    return plain in (plain_before, LINE_END.sub("\n", cut_to_cell(before)))


def cut_to_cell(text: str) -> str:
    """As much of a text as a cell of Excel holds."""
    if len(text) * 2 <= CELL_UNITS:
        return text
    return text.encode("utf-16-le")[: CELL_UNITS * 2].decode("utf-16-le", "ignore")


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code == 0:
        return "\\x00"
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:x}"


def _unescaped(found: re.Match[str]) -> str:
    if found[2]:
        return chr(int(found[2], 16))
    byte = int(found[1], 16)
    return chr(0xDC00 + byte) if byte else "\0"
