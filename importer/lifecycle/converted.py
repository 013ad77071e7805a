"""What becomes of an import whose file has been converted, or whose conversion needs an answer first."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from importer.errors import QuestionsError, UnknownAnswersError
from importer.files.conversion.header import describe_lines, open_lines, sample_of_lines
from importer.files.conversion.preparation import BEFORE
from importer.files.questions import Answers, Question
from importer.files.samples import Sample
from importer.lifecycle.dispatching import convert
from importer.lifecycle.layouts import REMEMBERED, recall
from importer.lifecycle.named_layouts import NamedLayout, layout_of
from importer.lifecycle.starting import (
    Reading,
    as_remembered,
    by_layout,
    digest_of,
    header_limits,
    start_or_wait,
)
from importer.lifecycle.transitions import MoveDetails, try_move
from importer.models import Import
from importer.services import Services
from importer.statuses import Status

MAY_WAIT = "may_wait"
"""The key in `imports.conversion` of whether the import may wait for answers."""


def answers_before(import_: Import) -> dict[str, Any]:
    """The answers by which an import's file is converted: those of its layout, and beside it the given ones."""
    return {**said_by(layout_of(import_)), **(import_.answers or {})}


def said_by(layout: NamedLayout | None) -> dict[str, Any]:
    """What a named layout says of how a file is converted."""
    answers = layout.answers if layout is not None else {}
    return {question: said for question, said in answers.items() if question in BEFORE}


def begin_conversion(
    session: Session,
    services: Services,
    import_: Import,
    details: MoveDetails,
    *,
    may_wait: bool = True,
    **values: Any,
) -> bool:
    """Have the import's file converted, for the first time or, with another answer, anew; commit.

    Args:
        may_wait: whether it may wait for answers; else a file that needs some is refused.
        values: further columns of the import to write in the same statement.

    Returns:
        Whether it was moved; False where it was cancelled or given up meanwhile, or the condition fails.
    """
    fresh: dict[str, Any] = {
        "conversion": {MAY_WAIT: may_wait},
        "converted_etag": None,
        "converted_bytes": None,
        "converted_rows": None,
        "pause_told_at": None,
    }
    columns = {**fresh, **values, "questions": None}
    moved = try_move(session, import_.id, Status.CONVERTING, **details._asdict(), **columns)
    session.commit()
    if moved:
        session.refresh(import_)
        convert(session, services, import_)
    return moved


def wait_for_choice(
    services: Services, import_id: str, kind: str, questions: Sequence[Question], unused: Sequence[str]
) -> None:
    """Let a converting import wait: which table is meant, or how its text is written, only a person can say.

    Args:
        unused: answers that the file does not have, which are told.

    Raises:
        QuestionsError: it must not wait.
    """
    with Session(services.engine) as session:
        import_ = session.get(Import, import_id)
        _refuse_to_wait(import_, questions)
        asked = [question.as_json() for question in questions]
        given = (import_.answers if import_ else None) or {}
        answers = {name: said for name, said in given.items() if name not in unused}
        conversion = {"kind": kind, "told": _told_of(unused, questions)}
        try_move(
            session,
            import_id,
            Status.WAITING,
            only_from=[Status.CONVERTING],
            told={"questions": len(asked)},
            questions=asked,
            conversion=conversion,
            answers=answers,
            converted_rows=None,
        )
        session.commit()


def start_converted(services: Services, import_id: str) -> None:
    """Begin with the rows of a converted file where all is certain, else let the import wait for answers.

    Raises:
        RefusedFileError: it cannot be imported, whatever is answered, or must not wait for answers.
        StorageError: S3 does not answer.
    """
    with Session(services.engine, expire_on_commit=False) as session:
        import_ = session.get(Import, import_id)
        if import_ is None or import_.status != Status.CONVERTING or import_.converted_etag is None:
            return
        given = {name: said for name, said in (import_.answers or {}).items() if name != REMEMBERED}
        session.commit()  # S3 is asked next, and the database ends a transaction that waits for long
        reading = read_converted(session, services, import_, given, layout_of(import_))
        if reading.unused:
            _wait_for_others(session, services, import_, reading)
            return
        _refuse_to_wait(import_, reading.opening.proposal.questions)
        told = {"questions": len(reading.opening.proposal.questions)}
        start_or_wait(session, services, import_, reading, MoveDetails([Status.CONVERTING], told=told))


def _wait_for_others(session: Session, services: Services, import_: Import, reading: Reading) -> None:
    """Let an import wait that got answers which its file does not have, also where nothing else is open.

    They came with the upload, when nothing of the file was known; so they are told among what was noticed of it.

    Raises:
        UnknownAnswersError: it must not wait.
    """
    unused, questions = reading.unused, reading.opening.proposal.questions
    conversion = dict(import_.conversion or {})
    if not conversion.get(MAY_WAIT, True):
        raise UnknownAnswersError(unused, questions)
    given = {name: said for name, said in reading.given.items() if name not in unused}
    session.commit()
    reading = read_converted(session, services, import_, given)
    conversion["told"] = [*conversion.get("told", ()), *_told_of(unused, questions)]
    details = MoveDetails([Status.CONVERTING])
    start_or_wait(session, services, import_, reading, details, must_wait=True, conversion=conversion)


def _told_of(unused: Sequence[str], questions: Sequence[Question]) -> list[str]:
    """What is told of answers that the file does not have."""
    return [f"{UnknownAnswersError(unused, questions).message} It does not count."] if unused else []


def _refuse_to_wait(import_: Import | None, questions: Sequence[Question]) -> None:
    may_wait = import_ is None or (import_.conversion or {}).get(MAY_WAIT, True)
    if questions and not may_wait:
        raise QuestionsError(questions)


def read_converted(
    session: Session,
    services: Services,
    import_: Import,
    given: dict[str, object],
    layout: NamedLayout | None = None,
) -> Reading:
    """Say how a converted file would be read with these answers, and by this layout.

    Raises:
        as `start_converted` does.
    """
    fields, limits = services.record_types[import_.record_type].fields, header_limits(services)
    sample = sample_of(services, import_)
    describe = partial(describe_lines, sample, fields, limits)
    remembered = None
    if layout is not None:
        asked, described = by_layout(layout, given, describe)
    else:
        asked = Answers(given)
        described = describe(asked)
        remembered = recall(session, import_.record_type, digest_of(described), import_.created_by)
        if remembered is not None:
            remembered, asked, described = as_remembered(remembered, given, describe)
    for question in BEFORE.difference((import_.conversion or {}).get("unused", ())):
        asked.get(question)
    opening = open_lines(sample.head, described, fields, asked, limits)
    unused = [question for question in asked.unused if question in given]
    return Reading(opening, dict(asked), given, remembered, unused, layout)


def sample_of(services: Services, import_: Import) -> Sample:
    """The first and the last lines of a converted file.

    Raises:
        ObjectChangedError, ObjectMissingError: it is no longer what was made.
        StorageError: S3 does not answer, or an operator has to act.
    """
    key, etag = import_.lines_key, import_.converted_etag or ""

    def read(offset: int, count: int) -> bytes:
        with io.BufferedReader(services.storage.open_at(key, offset=offset, etag=etag), count) as source:
            return source.read(count)

    return sample_of_lines(read, import_.converted_bytes or 0)
