"""What has to be certain before a file is converted: which table is meant, and how a text is written."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple

from importer.files.conversion.inspection import SHEET, question_of_tables
from importer.files.conversion.lines import ConversionLimits
from importer.files.conversion.sources import CONVERTED
from importer.files.conversion.tables import choices_in, described_text
from importer.files.conversion.transcoding import DIVIDED_AT_RETURNS, WIDE
from importer.files.detection import Described, describe
from importer.files.fields import Field
from importer.files.kinds import TEXT
from importer.files.profile import Profile
from importer.files.questions import Answers, Question
from importer.files.samples import take

OF_TEXT = ("encoding", "delimiter", "quote")
BEFORE = frozenset({SHEET, *OF_TEXT})
"""Answers that decide what is converted, and how."""

ASKED_OF_TEXT = ("encoding", "delimiter")
"""Questions about a text without whose answers it cannot be converted; the others are about its lines."""


class Prepared(NamedTuple):
    """How a file is converted.

    Attributes:
        table: its name; None: the first visible one with content.
        profile: how its text is written; None where it holds none, or where that is told by each file in it.
        questions: what a person has to answer first.
        about: what can be answered of how it is converted, one of `BEFORE`, whether it is asked or not.
        unused: answers to these that the file does not have; they do not count.
    """

    table: str | None
    profile: Profile | None
    questions: list[Question]
    about: list[str]
    unused: list[str]


def has_to_be_converted(kind: str, profile: Profile | None = None) -> bool:
    """Whether a file cannot be read by byte offset where it lies.

    Args:
        kind: as `importer.files.kinds.kind_of` tells it.
        profile: of a text.
    """
    if kind in CONVERTED:
        return True
    return profile is not None and (profile.encoding.startswith(WIDE) or profile.line_end in DIVIDED_AT_RETURNS)


def prepare(
    file: BinaryIO, kind: str, fields: Sequence[Field], answers: Mapping[str, Any], limits: ConversionLimits
) -> Prepared:
    """Look how a file is to be converted.

    Args:
        file: seekable, on a disk.
        kind: as `importer.files.kinds.kind_of` tells it.
        answers: what a person has said of it, by question.

    Raises:
        RefusedFileError: it cannot be converted.
    """
    known = frozenset().union(*(field.names for field in fields))
    asked = Answers({name: said for name, said in answers.items() if name in BEFORE})
    if kind == TEXT:
        return _prepared(None, _described(file, known, asked), [], asked)
    tables = choices_in(file, kind, limits, answers.get(SHEET))
    names = [table.name for table in tables]
    table = asked.valid(SHEET, names.__contains__)
    question = question_of_tables(tables) if table is None else None
    if question is not None:
        return Prepared(None, None, [question], [SHEET], [SHEET] if SHEET in answers else [])
    return _prepared(table, described_text(file, kind, limits, known, asked), names, asked)


def _prepared(table: str | None, described: Described | None, tables: Sequence[str], asked: Answers) -> Prepared:
    about = [SHEET] if any(tables) else []
    if described is None:
        return Prepared(table, None, [], about, asked.unused)
    questions = [question for question in described.questions if question.id in ASKED_OF_TEXT]
    return Prepared(table, described.profile, questions, [*about, *OF_TEXT], asked.unused)


def _described(file: BinaryIO, known: frozenset[str], answers: Answers) -> Described:
    def read(offset: int, count: int) -> bytes:
        file.seek(offset)
        return file.read(count)

    return describe(take(read, file.seek(0, os.SEEK_END)), known, answers)
