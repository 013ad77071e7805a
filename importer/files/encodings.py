"""Which encoding the text of a file is in: a pure function of its bytes.

A file is in one encoding. What is UTF-8 but for a few bytes is UTF-8, and the rows with these fail. What has few
sequences of UTF-8 among many other bytes is read in another encoding throughout; where both are few, a person is
asked. Which of the many others it is, chardet guesses by the frequency of letters; what its
guesses do to the words decides between those that come close.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import chardet

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""The longer ones first: that of UTF-16 begins that of UTF-32."""

NAMES = {
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "windows-1252": "cp1252",
    "windows-1253": "cp1253",
    "windows-1254": "cp1254",
    "windows-1255": "cp1255",
    "windows-1256": "cp1256",
    "windows-1257": "cp1257",
    "windows-1258": "cp1258",
    "windows-874": "cp874",
    "cp874": "cp874",
    "tis-620": "cp874",
    "iso-8859-1": "cp1252",
    "iso-8859-2": "iso8859-2",
    "iso8859-4": "iso8859-4",
    "iso-8859-5": "iso8859-5",
    "iso-8859-7": "iso8859-7",
    "iso-8859-9": "iso8859-9",
    "iso-8859-13": "iso8859-13",
    "iso8859-15": "iso8859-15",
    "koi8-r": "koi8-r",
    "cp850": "cp850",
    "cp852": "cp852",
    "cp866": "cp866",
    "ibm866": "cp866",
    "macroman": "mac-roman",
    "shift_jis": "shift_jis",
    "shift-jis-2004": "shift_jis_2004",
    "cp932": "cp932",
    "euc-jp": "euc_jp",
    "euc-jis-2004": "euc_jis_2004",
    "gb18030": "gb18030",
    "gb2312": "gb18030",
    "big5": "big5",
    "big5hkscs": "big5hkscs",
    "euc-kr": "euc_kr",
    "cp949": "cp949",
}
"""What chardet calls each encoding that is read here, and what Python does. ISO-8859-1 is read as its superset."""

PRIORS = {"cp1252": 2.0, "cp850": 0.8, "cp1251": 0.9, "iso8859-15": 0.9, "iso8859-4": 0.5}
"""How much more frequent an encoding is among files of today than chardet's figures say."""

MAC_WITH_CARRIAGE_RETURNS = 4.0
"""What lines that end in a carriage return alone say for Mac Roman."""

ASCII_BYTES = re.compile(rb"[\x00-\x7f]+")
UTF_8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")

BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")

MOST = 0.95
"""Of the characters, when nearly all are meant."""

SAMPLE_BYTES = 64 * 1024
KEPT = 16
UNLIKELY = 0.3
"""Where fewer characters stand where such do, the text is in no encoding that is known here."""

CLOSE = 0.6
"""An encoding whose score is such a part of the best one's leaves the question open, where the texts differ."""

SEVERAL_BYTES = ("shift_jis", "cp932", "euc_", "gb18030", "big5", "cp949", "utf-8")
"""How the names of encodings begin in which a letter has several bytes; they make sequences of UTF-8, too."""

RARE = 0.1
"""Where fewer sequences of UTF-8 come on another byte, they are accidents: `É»` in Windows-1252, say."""

LATIN, SIGN = "LATIN", "SIGN"
BESIDE_WORDS = frozenset("’‘“”„–—…€£°§©®™«»¿¡·•²³½ªº\xa0")
INSIDE_WORDS = frozenset("’–·")
ICELANDIC = frozenset("þðýÞÐÝ")
"""What Turkish and Baltic letters become in Windows-1252; Icelandic has many others besides."""


class Encoding(NamedTuple):
    """The encoding of a text.

    Attributes:
        name: as Python knows it.
        mark: bytes of the byte order marks at the start of the file.
        evidence: why, in words.
        others: encodings that fit nearly as well and give other text, the likeliest first.
    """

    name: str
    mark: int
    evidence: str
    others: tuple[str, ...] = ()


def encoding_of(pieces: Iterable[bytes]) -> Encoding:
    """The encoding that these pieces of one file are in; the first one begins the file."""
    return _encoding_of(tuple(pieces))


@lru_cache(maxsize=KEPT)
def _encoding_of(pieces: tuple[bytes, ...]) -> Encoding:
    """Kept, for each choice that a person makes about a file asks again."""
    head, *others = pieces
    found = encoding_of_signs(head)
    if found is not None:
        return found
    text = b"\n".join([_whole_lines(head), *map(_whole_lines, others)])
    if text.isascii():
        return Encoding("utf-8", 0, f"all {len(text):,} bytes that were looked at are plain ASCII")
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError:
        return _by_words(text)
    beyond = sum(not character.isascii() for character in decoded)
    return Encoding("utf-8", 0, f"it is UTF-8 throughout, with {beyond:,} characters beyond ASCII")


def encoding_of_signs(head: bytes) -> Encoding | None:
    """The encoding that a byte order mark or the place of NUL bytes tells; None where neither does.

    Args:
        head: the file's first bytes.
    """
    return _by_mark(head) or _by_nuls(head)


def _by_mark(head: bytes) -> Encoding | None:
    for mark, name in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            count = 1 + head[len(mark) :].startswith(mark)
            return Encoding(name, count * len(mark), f"it begins with the byte order mark of {name.upper()}")
    return None


def _by_nuls(head: bytes) -> Encoding | None:
    """UTF-16 or UTF-32 without a mark, told by where its NUL bytes stand."""
    part = head[:4096]
    part = part[: len(part) - len(part) % 4]
    if part.count(0) < 2:
        return None
    nuls = [part[place::4].count(0) * 4 / len(part) for place in range(4)]
    if min(nuls[2:]) > MOST > nuls[0]:
        name = "utf-32-le"
    elif min(nuls[:2]) > MOST > nuls[3]:
        name = "utf-32-be"
    elif nuls[1] + nuls[3] > MOST * sum(nuls) and _has_line_ends(part, "utf-16-le"):
        name = "utf-16-le"
    elif nuls[0] + nuls[2] > MOST * sum(nuls) and _has_line_ends(part, "utf-16-be"):
        name = "utf-16-be"
    else:
        return None
    return Encoding(name, 0, f"its NUL bytes stand where {name.upper()} has them")


def _has_line_ends(part: bytes, name: str) -> bool:
    """Whether, read in this encoding, the text has line ends or delimiters, and nothing that no text has."""
    text = part.decode(name, "replace")
    return any(sign in text for sign in "\n\r,;\t") and not any(sign in text for sign in "\0\ufffd\ufffe\uffff")


def _whole_lines(piece: bytes) -> bytes:
    """Without the bytes behind the last line end, where a character may be cut."""
    end = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
    return piece[: end + 1] if end > 0 else piece


def _by_words(text: bytes) -> Encoding:
    sequences = UTF_8_SEQUENCE.findall(text)
    sound = len(b"".join(sequences))
    faulty = sum(byte > 0x7F for byte in text) - sound
    if sound > 2 * faulty or not ASCII_BYTES.sub(b"", text).strip(b"\xfe\xff"):
        return Encoding("utf-8", 0, f"it is UTF-8 but for {faulty:,} bytes")
    found = _best_of_others(text)
    if found.name.startswith(SEVERAL_BYTES) or len(sequences) < RARE * faulty:
        return found
    return _utf_8_or(found, len(sequences), faulty)


def _utf_8_or(other: Encoding, sequences: int, faulty: int) -> Encoding:
    """Both are open: the text has some sequences of UTF-8, and about as many bytes that are none."""
    words = f"letters in UTF-8: {sequences:,}; bytes that are none: {faulty:,}; so it may be {other.name}, too"
    likely, less = ("utf-8", other.name) if sequences >= faulty else (other.name, "utf-8")
    return Encoding(likely, 0, words, (less, *other.others[:2]))


def _best_of_others(text: bytes) -> Encoding:
    """The one of all encodings but UTF-8 in which the words look best."""
    lines = [line for line in re.split(rb"[\r\n]+", text) if not line.isascii()]
    sample = b"\n".join(lines)[:SAMPLE_BYTES]
    has_only_carriage_returns = b"\r" in text and b"\n" not in text
    scores: dict[str, float] = {}
    for guess in chardet.detect_all(sample, ignore_threshold=True):
        name = NAMES.get((guess["encoding"] or "").lower())
        if name is None or name in scores:
            continue
        decoded = sample.decode(name, "replace")
        scores[name] = guess["confidence"] * PRIORS.get(name, 1.0) * _plausibility(decoded)
        if name == "mac-roman" and has_only_carriage_returns:
            scores[name] *= MAC_WITH_CARRIAGE_RETURNS
    if not any(scores.values()):
        return Encoding("cp1252", 0, "it fits no encoding that is known here; Windows-1252 is the nearest")
    best = max(scores, key=scores.__getitem__)
    if "cp1252" in scores and sample.decode("cp1252", "replace") == sample.decode(best, "replace"):
        best = "cp1252"  # the most frequent of those that give the same text
    as_best = sample.decode(best, "replace")
    if _plausibility(as_best) < UNLIKELY:
        return Encoding("utf-8", 0, "it is plain ASCII but for bytes that make sense in no encoding")
    others = [
        name
        for name in sorted(scores, key=scores.__getitem__, reverse=True)
        if scores[name] > scores[best] * CLOSE and sample.decode(name, "replace") != as_best
    ]
    words = f"it is not UTF-8; as {best} its words look right: {_examples(as_best)}"
    return Encoding(best, 0, words, tuple(others[:3]))


def _examples(text: str) -> str:
    words = [word for word in re.findall(r"\w+", text) if not word.isascii()]
    return ", ".join(dict.fromkeys(words[:3])) or "its signs"


def _plausibility(text: str) -> float:
    """How many of the characters beyond ASCII stand where such characters do: 0.02 to 1."""
    padded = f" {text} "
    fitting = [
        _fits(padded[place], padded[place - 1], padded[place + 1])
        for place in (found.start() for found in BEYOND_ASCII.finditer(padded))
    ]
    return max(0.02, sum(fitting) / len(fitting)) if fitting else 0.02


def _fits(character: str, before: str, after: str) -> float:
    kind, beside = _kind(character), {_kind(before), _kind(after)}
    if unicodedata.category(character)[0] == "C" or character == "\ufffd":
        return -4.0
    if kind == SIGN:
        among_letters = before.isalpha() and after.isalpha()
        if character in BESIDE_WORDS:
            return 1.0 if not among_letters or character in INSIDE_WORDS else -0.5
        return -0.5 if before.isalpha() or after.isalpha() else 0.4
    if kind != LATIN:
        return -0.5 if LATIN in beside else 1.0
    if character.isupper() and before.islower():
        return -1.0
    if character.islower() and before.isupper() and after.isupper():
        return -1.0
    return 0.0 if character in ICELANDIC else 1.0


def _kind(character: str) -> str:
    """The script of a letter; what is no letter is a sign."""
    if not character.isalpha():
        return SIGN
    return LATIN if character.isascii() else unicodedata.name(character, SIGN).partition(" ")[0].partition("-")[0]
