"""How a text is divided into cells: its delimiter, its quote and how a quote stands in a quoted cell.

Every candidate is tried on the first lines. The best one makes a regular table, of cells that look like something:
numbers, dates, addresses, words.
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from importer.files.cell_looks import ALIGNED, QUOTES, likeness
from importer.files.delimiters import COMMON, DELIMITERS, OTHERS, RARE, delimiter_called, is_delimiter
from importer.files.long_delimiters import (
    DIVIDER,
    all_joined,
    divided,
    is_long,
    longer_delimiter,
)
from importer.files.wrapped_lines import is_wrapped, unwrapped_lines

TELLING_WIDTH = 3
"""A row of fewer cells looks like nothing in particular: nothing is told from how many it has."""

SAID = r'"?sep=([^"]+|")"?'
"""A first line that names the delimiter, as Excel reads it."""

BACKSLASH = "\\"
LINES_TRIED = 300
CHARACTERS_TRIED = 256 * 1024
CELLS_LOOKED_AT = 3000

ALIGNED_SHARE = 0.6


class Dialect(NamedTuple):
    """How records are written.

    Attributes:
        delimiter: between cells, of one sign or more; empty where a record has one cell.
        quote: around cells; empty where none is.
        escape: before a quote in a quoted cell; empty where it is doubled.
        is_padded: blanks stand between delimiters and quotes, and belong to no cell.
        wraps_lines: each line as a whole stands in quotes.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    is_padded: bool = False
    wraps_lines: bool = False


class Trial(NamedTuple):
    """What a dialect makes of the first lines.

    Attributes:
        width: cells of most records.
        regular: records that have so many.
        total: all records.
    """

    dialect: Dialect
    score: float
    width: int = 0
    regular: int = 0
    total: int = 0


class Found(NamedTuple):
    """The dialect of a text.

    Attributes:
        evidence: why, in words.
        others: dialects that fit nearly as well.
        width: cells of most records.
    """

    dialect: Dialect
    evidence: str
    others: tuple[Dialect, ...] = ()
    width: int = 0


CLOSE = 0.9
FITTING = 0.5
"""Where whole lines stand in quotes, so many of them have the same number of cells within these."""


def dialect_of(lines: Sequence[str], unusual: str = "") -> Found:
    """The dialect of the text that begins with these lines, given without their line ends.

    Args:
        unusual: a sign that is tried besides `DELIMITERS`; empty: none.
    """
    tried = [line for line in _sample(lines) if line.strip()]
    if not tried:
        return Found(Dialect(), "there is nothing to tell it from")
    told = re.fullmatch(SAID, tried[0])
    if told and is_delimiter(told[1]):
        best = _as_said(tried[1:], told[1])
        if best.width > 1 or not is_long(told[1]):
            return Found(best.dialect, f"its first line says so: {tried[0]}", width=best.width)
        tried = tried[1:]
    found = _within_quotes(tried)
    if found is not None:
        return found
    trials = _trials(tried) + (_trials(tried, unusual) if unusual else [])
    best = max(trials, key=lambda trial: trial.score)
    single = best
    while longer := longer_delimiter(_records(tried, best.dialect), best.dialect.delimiter):
        best = _best(tried, longer)
    if best is not single:
        return Found(best.dialect, _words(best, tried), width=best.width)
    others = tuple(
        trial.dialect
        for trial in trials
        if trial.dialect.delimiter != best.dialect.delimiter and trial.score > best.score * CLOSE
    )
    return Found(best.dialect, _words(best, tried), others, best.width)


def _as_said(lines: Sequence[str], delimiter: str) -> Trial:
    """By the delimiter that a first line names; a spreadsheet that saved it again puts more of them behind it."""
    single = _best(lines, delimiter[0])
    is_repeated = is_long(delimiter) and not delimiter.strip(delimiter[0])
    if is_repeated and longer_delimiter(_records(lines, single.dialect), delimiter[0]) != delimiter:
        return single
    return _best(lines, delimiter)


def dialect_with(lines: Sequence[str], delimiter: str | None, quote: str | None) -> Found:
    """The dialect of these lines, where a person has said its delimiter or its quote; empty: there is none."""
    tried = [line for line in _sample(lines) if line.strip()]
    if delimiter is None:
        delimiter = dialect_of(lines).dialect.delimiter
    trials = _trials(tried, delimiter) if delimiter else [_try(tried, Dialect("", *of)) for of in _quoting("", "")]
    dialect = max(trials, key=lambda trial: trial.score).dialect
    if quote is not None and quote != dialect.quote:
        dialect = dialect._replace(quote=quote, escape="")
    return Found(dialect, "as a person has said")


def _sample(lines: Sequence[str]) -> list[str]:
    taken: list[str] = []
    size = 0
    for line in islice(lines, LINES_TRIED):
        size += len(line)
        if size > CHARACTERS_TRIED and taken:
            break
        taken.append(line[:CHARACTERS_TRIED])
    return taken


def _within_quotes(lines: Sequence[str]) -> Found | None:
    """The dialect of lines that stand in quotes as a whole; None where they do not, or hold one cell each."""
    inner = unwrapped_lines(lines)
    if inner is None:
        return None
    best = _best(inner)
    is_mixed = not all(map(is_wrapped, lines))
    if best.width < (TELLING_WIDTH if is_mixed else 2) or best.regular < FITTING * best.total:
        return None
    every = "most lines stand" if is_mixed else "each line as a whole stands"
    words = f"{every} in quotes; within them, {_words(best, inner)}"
    return Found(best.dialect._replace(wraps_lines=True), words, width=best.width)


def _words(best: Trial, lines: Sequence[str]) -> str:
    if best.width < 2:
        return f"no delimiter divides its {len(lines):,} first lines into a regular table"
    delimiter = best.dialect.delimiter
    called = delimiter_called(delimiter)
    every = "every one" if best.regular == best.total else f"{best.regular:,}"
    have = "has" if best.regular in (1, best.total) else "have"
    words = f"{called}: {every} of {best.total:,} records {have} {best.width - 1:,}"
    counts = {COMMON[sign]: sum(sign in line for line in lines) for sign in COMMON if sign not in delimiter}
    others = [f"{name} appear in {count:,} line{'s' * (count > 1)}" for name, count in counts.items() if count]
    return "; ".join([words, *others[:2]])


def _best(lines: Sequence[str], delimiter: str = "") -> Trial:
    return max(_trials(lines, delimiter), key=lambda trial: trial.score)


def _trials(lines: Sequence[str], delimiter: str = "") -> list[Trial]:
    text = "\n".join(lines)
    delimiters = [delimiter] if delimiter else [sign for sign in DELIMITERS if sign in text]
    if not delimiter and _is_aligned(lines):
        delimiters = [sign for sign in delimiters if sign != " "]
    trials = [
        _try(lines, Dialect(sign, quote, escape, is_padded))
        for sign in delimiters
        for quote, escape, is_padded in _quoting(text, sign)
    ]
    if not delimiter:
        trials += [_try(lines, Dialect("", *of)) for of in _quoting(text, "")]
    return trials


def _is_aligned(lines: Sequence[str]) -> bool:
    """Whether most lines have several blanks in a row, as where columns stand one below the other."""
    return sum(ALIGNED(line) is not None for line in lines) > ALIGNED_SHARE * len(lines)


def _quoting(text: str, delimiter: str) -> Iterable[tuple[str, str, bool]]:
    """The ways of quoting of which a text has signs: the quote, its escape, and whether blanks surround it."""
    before = f"(?:^|\n|{re.escape(delimiter)})" if delimiter else "(?:^|\n)"
    after = f"(?:$|\n|{re.escape(delimiter)})" if delimiter else "(?:$|\n)"
    found = False
    for quote in QUOTES:
        opens = len(re.findall(f"{before}{quote}", text))
        may_be_padded = delimiter not in (" ", "\t")
        padded = len(re.findall(f"{before}[ \t]+{quote}", text)) if may_be_padded else 0
        padded_after = len(re.findall(f"(?<!{quote}){quote}[ \t]+{after}", text)) if may_be_padded else 0
        closes = len(re.findall(f"{quote}{after}", text)) + padded_after
        if not closes or not opens + padded:
            continue
        if quote == "'" and abs(opens + padded - closes) > 0.1 * (opens + padded):
            continue
        found = True
        is_padded = padded + padded_after > 0.2 * closes
        yield quote, "", is_padded
        if BACKSLASH + quote in text:
            yield quote, BACKSLASH, is_padded
    if not found or not any(quote in text for quote in QUOTES):
        yield '"', "", False


def _try(lines: Sequence[str], dialect: Dialect) -> Trial:
    rows = _records(lines, dialect)
    if not rows:
        return Trial(dialect, 0.0)
    widths = Counter(map(len, rows))
    total = len(rows)
    width, _ = max(widths.items(), key=lambda item: (item[1] * (1 if item[0] > 1 else 0.5), item[0]))
    # As in CleverCSV: regular tables of many columns score high; here by how likely two rows have the same width.
    pattern = sum((count / total) ** 2 * max(0.08, (number - 1) / number) for number, count in widths.items())
    cells = [cell for row in rows for cell in row][:CELLS_LOOKED_AT]
    looks = sum(likeness(_meant(cell, dialect)) for cell in cells) / len(cells)
    belief = RARE.get(dialect.delimiter, OTHERS) if dialect.delimiter else 1.0
    score = pattern * max(looks, 0.001) * belief * (1 + 0.02 * math.log2(max(width, 1)))
    return Trial(dialect, score, width, widths[width], total)


def _records(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    rows: list[list[str]] = []
    with suppress(csv.Error):  # a lone carriage return
        rows.extend(row for row in cells_of(lines, dialect) if row)
    return rows


def _meant(cell: str, dialect: Dialect) -> str:
    """The cell without the blanks that belong to none; between blanks as delimiters there are no others."""
    return cell.strip() if dialect.is_padded or dialect.delimiter != " " else cell


def cells_of(lines: Iterable[str], dialect: Dialect) -> Iterable[list[str]]:
    """Records of these lines, read as generously as can be; blank lines give empty records."""
    if not dialect.delimiter:
        return ([_unquoted(line, dialect)] if line else [] for line in lines)
    if is_long(long := dialect.delimiter):
        single = dialect._replace(delimiter=DIVIDER)
        return all_joined(cells_of((divided(line, long) for line in lines), single), long)
    escaped = (unescaped(line, dialect) for line in lines) if dialect.escape else lines
    return csv.reader(
        escaped,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        skipinitialspace=dialect.is_padded,
    )


def _unquoted(line: str, dialect: Dialect) -> str:
    text = line.strip()
    quote = dialect.quote
    if quote and len(text) > 1 and text[0] == quote == text[-1]:
        return text[1:-1].replace(quote * 2, quote)
    return line


def unescaped(line: str, dialect: Dialect) -> str:
    r"""The line with doubled quotes instead of escaped ones.

    A backslash at the end of a quoted cell is an ordinary one: its quote stands before a delimiter or a line end.
    """
    quote = re.escape(dialect.quote)
    end = rf"(?=\s*(?:{re.escape(dialect.delimiter)}|$))" if dialect.delimiter else r"(?=\s*$)"
    pieces = re.split(rf"\\{quote}{end}", line)
    doubled = [re.sub(rf"\\{quote}", dialect.quote * 2, piece) for piece in pieces]
    return (BACKSLASH + dialect.quote).join(doubled)
