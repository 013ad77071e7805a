"""What encodings are called, and what a text looks like in one."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import islice

CALLED = {
    "utf-8": "UTF-8",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1252": "Windows-1252 (Western European)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "cp1257": "Windows-1257 (Baltic)",
    "cp1258": "Windows-1258 (Vietnamese)",
    "cp874": "Windows-874 (Thai)",
    "iso8859-2": "ISO-8859-2 (Central European)",
    "iso8859-4": "ISO-8859-4 (Baltic)",
    "iso8859-5": "ISO-8859-5 (Cyrillic)",
    "iso8859-7": "ISO-8859-7 (Greek)",
    "iso8859-9": "ISO-8859-9 (Turkish)",
    "iso8859-13": "ISO-8859-13 (Baltic)",
    "iso8859-15": "ISO-8859-15 (Western European, with the euro sign)",
    "koi8-r": "KOI8-R (Russian)",
    "cp850": "code page 850 (DOS, Western European)",
    "cp852": "code page 852 (DOS, Central European)",
    "cp866": "code page 866 (DOS, Cyrillic)",
    "mac-roman": "Mac Roman",
    "shift_jis": "Shift-JIS (Japanese)",
    "shift_jis_2004": "Shift-JIS 2004 (Japanese)",
    "cp932": "Windows-932 (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "euc_jis_2004": "EUC-JIS 2004 (Japanese)",
    "gb18030": "GB18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "big5hkscs": "Big5-HKSCS (Chinese)",
    "euc_kr": "EUC-KR (Korean)",
    "cp949": "Windows-949 (Korean)",
}
"""The encodings that a person may choose, as Python names them, and what people call them."""

WORDS = 4
LINES = 500


BY_PYTHON = {codecs.lookup(name).name: name for name in CALLED}
"""The same by the one name that Python has for all its aliases."""


def meant_by(said: str) -> str | None:
    """The encoding that a person means, by any name that Python knows; None where it is none of ours."""
    try:
        return BY_PYTHON.get(codecs.lookup(said).name)
    except (LookupError, ValueError):  # of a name with a NUL, say
        return None


def called(name: str) -> str:
    """What people call an encoding."""
    return CALLED.get(name, name.upper())


def fits(pieces: Iterable[bytes], name: str) -> bool:
    """Whether an encoding may be chosen for a file with these pieces, all lines whole but the last of each."""
    try:
        for piece in pieces:
            end = piece.rfind(b"\n")
            (piece[: end + 1] if end > 0 else piece).decode(name)
    except UnicodeDecodeError:
        return False
    return True


def words_in(head: bytes, name: str) -> Iterator[str]:
    """The first words with letters beyond ASCII, as this encoding has them, in the first lines that have some."""
    found: dict[str, None] = {}
    for line in islice((line for line in head.splitlines() if not line.isascii()), LINES):
        words = re.findall(r"[^\s,;\t|\"]+", line.decode(name, "replace"))
        found.update(dict.fromkeys(word for word in words if not word.isascii()))
        if len(found) >= WORDS:
            break
    yield from list(found)[:WORDS]
