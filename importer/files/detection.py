"""Describes a file by a sample of it: a pure function that takes less than a second, whatever the file's size.

It says what it found, by what evidence, and what it is not sure of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from importer.files.delimiters import SAYS_DELIMITER, delimiter_called, is_delimiter, is_quote
from importer.files.dialects import Found, dialect_of, dialect_with
from importer.files.encoding_names import called, fits, meant_by, words_in
from importer.files.encodings import Encoding, encoding_of
from importer.files.footers import Footer, footer_of
from importer.files.header_lines import header_line_at, sign_between
from importer.files.profile import Profile
from importer.files.questions import LEFT_OUT, Answers, Choice, Question
from importer.files.samples import Sample
from importer.files.tables import Located, Table, refuse_too_wide, table_of, table_said
from importer.files.text_lines import line_end_of, lines_of, pieces_of_text
from importer.files.text_records import end_at_returns, last_records, records_of_lines

LINES_LOOKED_AT = 2000

KEPT = 4
"""So many parsed samples are kept in a process."""

EXAMPLES = 3

ROWS = "rows"
"""The answer that what stands below the table are rows like the others."""

FOOTER_CHARS = 100
FIRST_RECORDS = 10


class Described(NamedTuple):
    """What is known of a file before it is read.

    Attributes:
        evidence: for each part of the profile, in words.
        questions: what is not certain, and was not answered.
        header: the names of the columns; `A`, `B`, `C` where the file has none.
        rows: the first ones.
        first_records: those that the file begins with, of which one may be the header.
        footer: what stands below the table, if the file was looked at to its end and something does.
        end: bytes before what stands below the table; None where nothing does, or where it is rows.
    """

    profile: Profile
    evidence: dict[str, str]
    warnings: list[str]
    questions: list[Question]
    header: list[str]
    rows: list[Located]
    first_records: list[Located]
    footer: Footer | None = None
    end: int | None = None


def describe(sample: Sample, known: frozenset[str] = frozenset(), answers: Answers | None = None) -> Described:
    """Describe a text.

    Args:
        known: names that a header may have, normalised.
        answers: what a person has said of it.

    Raises:
        RefusedFileError: it has too many columns.
    """
    answers = answers or Answers()
    text = _parsed(sample, known, *_said_of_the_text(answers))
    table = table_as_said(text.records, answers) or table_of(text.records, known)
    refuse_too_wide(table)
    rows = text.records[table.rows_at :]
    profile = _profile_of(text, table, rows)
    footer, end = _footer(sample, rows, profile, is_all=text.is_all)
    said = footer_as_said(footer, answers)
    if footer is not None and said != ROWS:
        rows = [row for row in rows if not text.is_all or row.line < footer.line]
    return Described(
        profile,
        {"encoding": text.encoding.evidence, "delimiter": text.found.evidence, "header": table.evidence},
        [*_warnings(text.records, table), *about_what_is_left_out(footer, said)],
        [
            *_about_text(text, sample),
            *about_header(table, text.records),
            *about_footer(footer, said, is_all=text.is_all),
        ],
        table.header or letters(table.width),
        rows,
        text.records[:FIRST_RECORDS],
        footer if text.is_all else None,
        None if said == ROWS else end,
    )


def _said_of_the_text(answers: Answers) -> tuple[str | None, str | None, str | None]:
    """The encoding, the delimiter and the quote that a person has named."""
    encoding = answers.valid("encoding", lambda said: meant_by(said) is not None)
    return (
        encoding and meant_by(encoding),
        answers.valid("delimiter", is_delimiter),
        answers.valid("quote", is_quote),
    )


def table_as_said(records: Sequence[Located], answers: Answers) -> Table | None:
    """Where the table lies, if a person has said which line is its header, and there is such a line."""
    lines = {LEFT_OUT, *(str(record.line) for record in records)}
    return table_said(records, answers.valid("header", lines.__contains__))


class _Parsed(NamedTuple):
    """The first records of a text, and how they are written.

    Attributes:
        lines: with their ends.
        is_all: whether these are all lines of the file.
    """

    encoding: Encoding
    line_end: str
    lines: list[str]
    found: Found
    records: list[Located]
    is_all: bool


def _profile_of(text: _Parsed, table: Table, rows: Sequence[Located]) -> Profile:
    return Profile(
        text.encoding.name,
        text.encoding.mark,
        text.line_end,
        text.found.dialect,
        table.header_line,
        rows[0].line if rows else None,
        table.width,
    )


@lru_cache(maxsize=KEPT)
def _parsed(
    sample: Sample, known: frozenset[str], encoding_said: str | None, delimiter: str | None, quote: str | None
) -> _Parsed:
    """Kept, for each choice that a person makes about a file asks again."""
    encoding = _encoding(sample, encoding_said)
    text = "".join(pieces_of_text([sample.head], encoding.name, encoding.mark))
    line_end = line_end_of(text)
    lines = _lines_of(text, line_end, sample)
    texts = [re.sub(r"[\r\n]+$", "", line) for line in lines]
    is_told = bool(lines) and SAYS_DELIMITER(lines[0]) is not None
    texts = texts if is_told else texts[header_line_at(texts, known) :]
    found = _dialect(texts, known, delimiter, quote)
    if line_end in ("lf", "crlf") and end_at_returns(lines, found.dialect, found.width):
        line_end = "mixed"
        lines = _lines_of(text, line_end, sample)
    is_all = sample.is_whole and len(lines) < LINES_LOOKED_AT
    records = [
        Located(record.line_number, record.cells)
        for record in records_of_lines(lines, found.dialect, width=found.width or None)
        if not (is_told and record.line_number == 1)
    ]
    return _Parsed(encoding, line_end, lines, found, records, is_all)


def _lines_of(text: str, line_end: str, sample: Sample) -> list[str]:
    """The first lines, without the one that may be cut."""
    lines = list(islice(lines_of([text], line_end), LINES_LOOKED_AT))
    return lines if sample.is_whole or len(lines) < 2 else lines[:-1]


def _encoding(sample: Sample, said: str | None) -> Encoding:
    """As a person has said, if the bytes of the sample can be in it; else as they look."""
    found = encoding_of([sample.head, *sample.pieces])
    is_offered = said in (found.name, *found.others)  # also where some bytes are none of it: their rows fail
    if said is None or not (is_offered or fits([sample.head, *sample.pieces], said)):
        return found
    return Encoding(said, found.mark if said == found.name else 0, "as a person has said")


def _dialect(lines: Sequence[str], known: frozenset[str], delimiter: str | None, quote: str | None) -> Found:
    if delimiter is None and quote is None:
        return dialect_of(lines, sign_between(lines[0], known) if lines else "")
    return dialect_with(lines, delimiter, quote)


def _about_text(text: _Parsed, sample: Sample) -> Iterator[Question]:
    yield from _about_encoding(text.encoding, sample)
    yield from _about_delimiter(text.found, text.lines)


def _about_encoding(encoding: Encoding, sample: Sample) -> Iterator[Question]:
    if encoding.others:
        choices = [
            Choice(name, called(name), tuple(words_in(sample.head, name)))
            for name in (encoding.name, *encoding.others)
        ]
        text = "In which encoding is the file? Choose the one in which its words are right."
        yield Question("encoding", "encoding", text, tuple(choices), encoding.name)


def _about_delimiter(found: Found, lines: Sequence[str]) -> Iterator[Question]:
    if found.others:
        signs = dict.fromkeys((found.dialect.delimiter, *(other.delimiter for other in found.others)))
        choices = [Choice(sign, delimiter_called(sign), _cells(lines, sign)) for sign in signs]
        text = "What stands between the cells?"
        yield Question("delimiter", "delimiter", text, tuple(choices), found.dialect.delimiter)


def _cells(lines: Sequence[str], delimiter: str) -> tuple[str, ...]:
    """The first cells of the last of these lines, were they divided so."""
    line = lines[-1].strip("\r\n") if lines else ""
    return tuple((line.split(delimiter) if delimiter else [line])[:EXAMPLES])


def about_header(table: Table, records: Sequence[Located]) -> Iterator[Question]:
    """Asks whether a table has a header, where that is not sure."""
    if table.is_sure or not table.width:
        return
    first = records[0]
    line = table.header_line or first.line
    named = Choice(str(line), f"line {line:,} holds the names of the columns", tuple(first.cells[:EXAMPLES]))
    unnamed = Choice(LEFT_OUT, "the file has no header; the columns are called A, B, C")
    default = unnamed if table.header is None else named
    text = "Which line holds the names of the columns?"
    yield Question("header", "header", text, (named, unnamed), default.value)


def _footer(
    sample: Sample, rows: Sequence[Located], profile: Profile, *, is_all: bool
) -> tuple[Footer | None, int | None]:
    """What stands below the table, and how many bytes come before it."""
    if is_all:
        footer = footer_of(rows, profile.width)
        piece, begin = sample.head, 0
    elif sample.pieces and sample.size > len(sample.head) + 1:
        footer = footer_of(last_records(sample.pieces[-1], profile), profile.width)
        piece, begin = sample.pieces[-1], sample.size - len(sample.pieces[-1])
    else:
        return None, None
    if footer is None:
        return None, None
    lines = piece.split(b"\n")[: footer.line - 1]
    return footer, begin + sum(len(line) + 1 for line in lines)


def footer_as_said(footer: Footer | None, answers: Answers) -> str | None:
    """What a person has said of what stands below the table.

    What was said of an earlier file counts where this one looks so, too: below that one stood something else.
    """
    said = answers.valid("footer", (LEFT_OUT, ROWS).__contains__)
    if said is None or footer is None or answers.is_final("footer"):
        return said
    return said if said == (LEFT_OUT if footer.is_sure else ROWS) else None


def about_what_is_left_out(footer: Footer | None, said: str | None) -> Iterator[str]:
    """Tells what a person does not want of what stands below the table."""
    if footer is not None and said == LEFT_OUT:
        cells = " ".join(cell.strip() for cell in footer.cells if cell.strip())
        yield f"What stands below the table is left out, from “{cells[:FOOTER_CHARS]}” on."


def about_footer(footer: Footer | None, said: str | None, *, is_all: bool) -> Iterator[Question]:
    """Asks whether what stands below the table are rows, where nobody has said."""
    if footer is not None and said is None:
        cells = " ".join(cell.strip() for cell in footer.cells if cell.strip())
        choices = (Choice(LEFT_OUT, "no: it is left out"), Choice(ROWS, "yes: it is imported like the others"))
        where = f"Line {footer.line:,}" if is_all else "Near its end the file"
        text = f"{where} has “{cells[:FOOTER_CHARS]}”: {footer.evidence}. Is that a row?"
        yield Question("footer", "footer", text, choices, LEFT_OUT)


def _warnings(records: Sequence[Located], table: Table) -> list[str]:
    rows = records[table.rows_at :]
    uneven = [record.line for record in rows if len(record.cells) != table.width]
    if not uneven:
        return []
    told = f"{len(uneven):,} of the first {len(rows):,} rows have not {table.width:,} cells"
    return [f"{told}: line {uneven[0]:,} first."]


def letters(width: int) -> list[str]:
    """The names of columns without a header: A to Z, AA, AB …"""
    names = []
    for number in range(1, width + 1):
        name, left = "", number
        while left:
            left, place = divmod(left - 1, 26)
            name = chr(65 + place) + name
        names.append(name)
    return names
