"""Describes a file by a sample of it: a pure function that takes less than a second, whatever the file's size.

It says what it found, by what evidence, and what it is not sure of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple

from importer.files.dialects import DELIMITERS, dialect_of
from importer.files.encodings import encoding_of
from importer.files.footers import Footer, footer_of
from importer.files.profile import Profile
from importer.files.samples import Sample
from importer.files.tables import Located, Table, table_of
from importer.files.text_lines import line_end_of, lines_of, pieces_of_text
from importer.files.text_records import last_records, records_of_lines

LINES_LOOKED_AT = 2000


class Question(NamedTuple):
    """A choice that only a person can make.

    Attributes:
        id: of the question, within the file.
        text: of the question.
        choices: the answers that there are, each with what it means.
        default: the answer that is taken for right until somebody gives one.
    """

    id: str
    text: str
    choices: dict[str, str]
    default: str

    def as_json(self) -> dict[str, Any]:
        return self._asdict()


class Described(NamedTuple):
    """What is known of a file before it is read.

    Attributes:
        evidence: for each part of the profile, in words.
        header: the names of the columns; `A`, `B`, `C` where the file has none.
        footer: what stands below the table, if the file was looked at to its end and something does.
    """

    profile: Profile
    evidence: dict[str, str]
    warnings: list[str]
    questions: list[Question]
    header: list[str]
    footer: Footer | None = None


def describe(sample: Sample, known: frozenset[str] = frozenset()) -> Described:
    """Describe a text.

    Args:
        known: names that a header may have, normalised.
    """
    encoding = encoding_of([sample.head, *sample.pieces])
    text = "".join(pieces_of_text([sample.head], encoding.name, encoding.mark))
    line_end = line_end_of(text)
    lines = list(islice(lines_of([text], line_end), LINES_LOOKED_AT))
    is_all = sample.is_whole and len(lines) < LINES_LOOKED_AT
    if len(lines) > 1 and not sample.is_whole:
        lines.pop()  # it may be cut
    found = dialect_of([re.sub(r"[\r\n]+$", "", line) for line in lines])
    is_told = bool(lines) and re.match(r'"?sep=.', lines[0]) is not None
    records = [
        Located(record.line_number, record.cells)
        for record in records_of_lines(lines, found.dialect, width=found.width or None)
        if not (is_told and record.line_number == 1)
    ]
    table = table_of(records, known)
    rows_line = records[table.rows_at].line if table.rows_at < len(records) else None
    profile = Profile(
        encoding.name, encoding.mark, line_end, found.dialect, table.header_line, rows_line, table.width
    )
    evidence = {"encoding": encoding.evidence, "delimiter": found.evidence, "header": table.evidence}
    questions = [*_questions_of_encoding(encoding.name, encoding.others), *_questions_of_header(table)]
    if found.others:
        questions.append(_question_of_delimiter(found.dialect.delimiter, [o.delimiter for o in found.others]))
    footer = footer_of(records[table.rows_at :], table.width) if is_all else None
    warnings = _warnings(records, table)
    if footer:
        warnings.append(f"Line {footer.line:,} is no part of the table: {footer.evidence}.")
    elif sample.pieces and (far := footer_of(last_records(sample.pieces[-1], profile), table.width)):
        warnings.append(f"Near its end the file has what is no part of the table: {far.evidence}.")
    return Described(profile, evidence, warnings, questions, table.header or _letters(table.width), footer)


def _questions_of_encoding(name: str, others: Sequence[str]) -> list[Question]:
    if not others:
        return []
    choices = {choice: f"read it as {choice}" for choice in (name, *others)}
    return [Question("encoding", "In which encoding is the file?", choices, name)]


def _questions_of_header(table: Table) -> list[Question]:
    if table.is_sure or not table.width:
        return []
    choices = {"yes": "its cells are the columns' names", "no": "it is a row; the columns are called A, B, C"}
    default = "no" if table.header is None else "yes"
    return [Question("header", "Is the first record the header?", choices, default)]


def _question_of_delimiter(delimiter: str, others: Sequence[str]) -> Question:
    choices = {sign: DELIMITERS.get(sign, "one cell to a line") for sign in dict.fromkeys((delimiter, *others))}
    return Question("delimiter", "What stands between the cells?", choices, delimiter)


def _warnings(records: Sequence[Located], table: Table) -> list[str]:
    rows = records[table.rows_at :]
    uneven = [record.line for record in rows if len(record.cells) != table.width]
    if not uneven:
        return []
    told = f"{len(uneven):,} of the first {len(rows):,} rows have not {table.width:,} cells"
    return [f"{told}: line {uneven[0]:,} first."]


def _letters(width: int) -> list[str]:
    """The names of columns without a header: A to Z, AA, AB …"""
    names = []
    for number in range(1, width + 1):
        name, left = "", number
        while left:
            left, place = divmod(left - 1, 26)
            name = chr(65 + place) + name
        names.append(name)
    return names
