"""Files opened as uploads are, from their bytes alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from importer.files.fields import Field
from importer.files.openings import Beginning, Opening, describe_text, open_text
from importer.files.problems import Limits
from importer.files.questions import Answers

HEAD_BYTES = 1024 * 1024


def opening_of(
    beginning: Beginning | bytes,
    fields: Sequence[Field],
    answers: dict[str, Any] | None = None,
    *,
    max_record_bytes: int = 4096,
    max_cell_chars: int = 1000,
) -> Opening:
    """How a file is read with these answers, or `RefusedFileError`."""
    if isinstance(beginning, bytes):
        beginning = Beginning(beginning[:HEAD_BYTES], len(beginning) <= HEAD_BYTES)
    said = Answers(answers)
    described = describe_text(beginning, fields, said)
    return open_text(beginning, described, fields, said, Limits(None, max_record_bytes, max_cell_chars))


def columns_of(opening: Opening) -> list[str | None]:
    """The field that each column fills."""
    return opening.proposal.fields_of_columns


def asked(opening: Opening) -> list[str]:
    """The ids of the questions."""
    return [question.id for question in opening.proposal.questions]
