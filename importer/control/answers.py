"""Answers to the questions about a file that waits for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from importer.control.repeats import split_off
from importer.errors import NotInPlaceError, RefusedTransitionError, UnknownAnswersError
from importer.files.conversion.preparation import BEFORE
from importer.files.questions import Question
from importer.lifecycle.beginnings import beginning_of
from importer.lifecycle.converted import begin_conversion, read_converted
from importer.lifecycle.layouts import REMEMBERED
from importer.lifecycle.starting import Reading, read_beginning, start_or_wait
from importer.lifecycle.transitions import still_answered, try_move
from importer.models import Import
from importer.services import Services
from importer.statuses import Status

TRIES = 5
"""So often answers are taken up again that somebody else has crossed."""


def questions_before_conversion(import_: Import) -> list[Question]:
    """What is to be answered before the file of a waiting import can be converted; nothing for any other file."""
    if import_.conversion is None or import_.converted_etag is not None:
        return []
    return [Question.from_json(told) for told in import_.questions or []]


def reading_of(session: Session, services: Services, import_: Import, given: Mapping[str, Any]) -> Reading:
    """How the file of a waiting import would be read with these answers, besides those that it has.

    Raises:
        NotInPlaceError: it has to be converted first.
        RefusedTransitionError: it does not wait for answers.
        RefusedFileError: with these answers the file cannot be imported.
        ObjectChangedError, ObjectMissingError, StorageError: its file cannot be read.
    """
    _refuse_unless_waiting(import_)
    if questions_before_conversion(import_):
        raise NotInPlaceError
    record_type = services.record_types[import_.record_type]
    answers, user_id = {**said_before(import_), **given}, import_.created_by
    session.commit()  # S3 is asked next, and the database ends a transaction that waits for long
    if import_.converted_etag is not None:
        return read_converted(session, services, import_, answers)
    beginning = beginning_of(services, import_)
    return read_beginning(session, services, beginning, record_type, answers, user_id)


def _refuse_unless_waiting(import_: Import) -> None:
    if import_.status != Status.WAITING:
        raise RefusedTransitionError(f"Import {import_.id} is {import_.status}; it does not wait for answers.")


def said_before(import_: Import) -> dict[str, Any]:
    """The answers that an import has, as far as they were given for its own file."""
    answers = dict(import_.answers or {})
    remembered = answers.pop(REMEMBERED, {"questions": []})
    return {question: answer for question, answer in answers.items() if question not in remembered["questions"]}


def answer(session: Session, services: Services, import_: Import, given: Mapping[str, Any]) -> None:
    """Take answers; the import begins where no question is left, or its conversion does.

    Where somebody else answers at the same moment, both count: whoever comes second looks at the file again.

    Raises:
        UnknownAnswersError: naming those that answer nothing; then none is taken.
        RefusedTransitionError, RefusedFileError, ObjectChangedError, ObjectMissingError, StorageError: as
            `reading_of` does.
    """
    for _ in range(TRIES):
        _refuse_unless_waiting(import_)
        unchanged = still_answered(import_.answers)
        others, decided = split_off(import_, dict(given))
        if _take(session, services, import_, others, unchanged, decided):
            return
        session.refresh(import_)
    raise RefusedTransitionError(f"Others answer about import {import_.id} at the same time. Try again.")


def _take(
    session: Session,
    services: Services,
    import_: Import,
    given: Mapping[str, Any],
    unchanged: ColumnElement[bool],
    decided: Mapping[str, Any],
) -> bool:
    """Take answers; False where the import was moved, or others were given, meanwhile.

    Args:
        decided: columns of the import that an answer decides by itself.
    """
    if questions_before_conversion(import_):
        return _answer_before_conversion(session, services, import_, given, unchanged, decided)
    if import_.converted_etag is not None and _is_other_conversion(import_, given):
        _refuse_foreign(import_, given)
        return _convert_anew(session, services, import_, given, unchanged, decided)
    reading = reading_of(session, services, import_, given)
    still_open = {question.id for question in reading.opening.proposal.questions}
    unknown = [question for question in given if question in reading.unused or question in still_open]
    if unknown:
        raise UnknownAnswersError(unknown, reading.opening.proposal.questions)
    return start_or_wait(
        session, services, import_, reading, only_from=[Status.WAITING], condition=unchanged, **decided
    )


def _answer_before_conversion(
    session: Session,
    services: Services,
    import_: Import,
    given: Mapping[str, Any],
    unchanged: ColumnElement[bool],
    decided: Mapping[str, Any],
) -> bool:
    """Take the answers without which the file cannot be converted; the others are looked at when it is."""
    asked = {question.id: question for question in questions_before_conversion(import_)}
    wrong = [question for question in given if question in asked and not asked[question].takes(given[question])]
    if wrong:
        raise UnknownAnswersError(wrong, list(asked.values()))
    answers = {**said_before(import_), **given}
    left = [question.as_json() for id_, question in asked.items() if id_ not in answers]
    if not left:
        return _convert_anew(session, services, import_, given, unchanged, decided)
    only_from = [Status.WAITING]
    moved = try_move(
        session,
        import_.id,
        Status.WAITING,
        only_from=only_from,
        condition=unchanged,
        answers=answers,
        questions=left,
        **decided,
    )
    session.commit()
    return moved


def _is_other_conversion(import_: Import, given: Mapping[str, Any]) -> bool:
    """Whether answers decide otherwise what is converted, and how."""
    before = said_before(import_)
    return any(question in BEFORE and before.get(question) != said for question, said in given.items())


def _refuse_foreign(import_: Import, given: Mapping[str, Any]) -> None:
    """Refuse answers about how a file is converted that has no such thing: a workbook has no encoding."""
    about = (import_.conversion or {}).get("about", ())
    foreign = [question for question in given if question in BEFORE and question not in about]
    if foreign:
        raise UnknownAnswersError(foreign, [Question.from_json(told) for told in import_.questions or []])


def _convert_anew(
    session: Session,
    services: Services,
    import_: Import,
    given: Mapping[str, Any],
    unchanged: ColumnElement[bool],
    decided: Mapping[str, Any],
) -> bool:
    before = said_before(import_)
    if given.get("sheet") not in (None, before.get("sheet")):  # its columns are others
        before = {question: said for question, said in before.items() if question in BEFORE}
    answers = {**before, **given}
    return begin_conversion(
        session,
        services,
        import_,
        only_from=[Status.WAITING],
        condition=unchanged,
        answers=answers,
        **decided,
    )
