"""Answers to the questions about a file that waits for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from importer.control.options import Options
from importer.control.repeats import split_off
from importer.errors import NotInPlaceError, RefusedTransitionError, UnknownAnswersError
from importer.files.conversion.preparation import BEFORE
from importer.files.questions import Question
from importer.lifecycle.answered import answered
from importer.lifecycle.beginnings import beginning_of
from importer.lifecycle.converted import begin_conversion, read_converted, said_by
from importer.lifecycle.layouts import REMEMBERED
from importer.lifecycle.named_layouts import (
    NamedLayout,
    Saving,
    find,
    layout_of,
    refuse_other_type,
    refuse_to_replace,
)
from importer.lifecycle.starting import Reading, read_beginning, start_or_wait
from importer.lifecycle.transitions import MoveDetails, still_answered, try_move
from importer.models import Import, User
from importer.services import Services
from importer.statuses import Status

TRIES = 5
"""So often answers are taken up again that somebody else has crossed."""


def questions_before_conversion(import_: Import) -> list[Question]:
    """What is to be answered before the file of a waiting import can be converted; nothing for any other file."""
    if import_.conversion is None or import_.converted_etag is not None:
        return []
    return [Question.from_json(told) for told in import_.questions or []]


def reading_of(
    session: Session,
    services: Services,
    import_: Import,
    given: Mapping[str, Any],
    layout: NamedLayout | None = None,
) -> Reading:
    """How the file of a waiting import would be read with these answers, besides those that it has.

    Args:
        layout: the named one by which it is read from now on; None: the one that it has, if any.

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
    layout = layout or layout_of(import_)
    session.commit()  # S3 is asked next, and the database ends a transaction that waits for long
    if import_.converted_etag is not None:
        return read_converted(session, services, import_, answers, layout)
    beginning = beginning_of(services, import_)
    return read_beginning(session, services, beginning, record_type, answers, user_id, layout)


def _refuse_unless_waiting(import_: Import) -> None:
    if import_.status != Status.WAITING:
        raise RefusedTransitionError(f"Import {import_.id} is {import_.status}; it does not wait for answers.")


def said_before(import_: Import) -> dict[str, Any]:
    """The answers that an import has, as far as they were given for its own file."""
    answers = dict(import_.answers or {})
    remembered = answers.pop(REMEMBERED, {"questions": []})
    return {question: answer for question, answer in answers.items() if question not in remembered["questions"]}


class Taken(NamedTuple):
    """What is taken at once about a file.

    Attributes:
        given: answers, by question.
        layout: the named one by which it is read; None: none was said.
        details: who says it, and what is told of it in the import's history; it is taken where nobody has answered
            since this was looked at.
        columns: what else is written of the import.
    """

    given: Mapping[str, Any]
    layout: NamedLayout | None
    details: MoveDetails
    columns: Mapping[str, Any]


def answer(session: Session, services: Services, import_: Import, user: User, options: Options) -> None:
    """Take answers; the import begins where no question is left, or its conversion does.

    Where somebody else answers at the same moment, both count: whoever comes second looks at the file again.

    Args:
        user: who answers.

    Raises:
        UnknownAnswersError: naming those that answer nothing; then none is taken.
        UnknownLayoutError, OtherLayoutError, LayoutExistsError: a layout's name is not taken; nor is an answer.
        RefusedTransitionError, RefusedFileError, ObjectChangedError, ObjectMissingError, StorageError: as
            `reading_of` does.
    """
    _refuse_unless_waiting(import_)
    layout, columns = _named(session, import_, user, options)
    for _ in range(TRIES):
        _refuse_unless_waiting(import_)
        given, decided = split_off(import_, dict(options.given))
        told = answered(import_.questions or [], options.given, import_.header or [])
        details = MoveDetails([Status.WAITING], user.id, told, still_answered(import_.answers))
        if _take(session, services, import_, Taken(given, layout, details, {**columns, **decided})):
            return
        session.refresh(import_)
    raise RefusedTransitionError(f"Others answer about import {import_.id} at the same time. Try again.")


def _named(
    session: Session, import_: Import, user: User, options: Options
) -> tuple[NamedLayout | None, dict[str, Any]]:
    """The layout by which the file is read from now on, and what the import keeps of it and of another's name."""
    columns: dict[str, Any] = {}
    layout = None
    if options.layout is not None:
        layout = find(session, options.layout)
        refuse_other_type(layout, import_.record_type)
        columns["layout"] = layout.as_json()
    if options.save_layout:
        saving = Saving(options.save_layout, user.id)
        refuse_to_replace(session, saving)
        columns["save_layout"] = saving.as_json()
    elif options.save_layout is not None:
        columns["save_layout"] = None
    return layout, columns


def _take(session: Session, services: Services, import_: Import, taken: Taken) -> bool:
    """Take answers; False where the import was moved, or others were given, meanwhile."""
    if questions_before_conversion(import_):
        return _answer_before_conversion(session, services, import_, taken)
    if import_.converted_etag is not None and _is_other_conversion(import_, taken):
        _refuse_foreign(import_, taken.given)
        return _convert_anew(session, services, import_, taken)
    reading = reading_of(session, services, import_, taken.given, taken.layout)
    still_open = {question.id for question in reading.opening.proposal.questions}
    unknown = [question for question in taken.given if question in reading.unused or question in still_open]
    if unknown:
        raise UnknownAnswersError(unknown, reading.opening.proposal.questions)
    return start_or_wait(session, services, import_, reading, taken.details, **taken.columns)


def _answer_before_conversion(session: Session, services: Services, import_: Import, taken: Taken) -> bool:
    """Take the answers without which the file cannot be converted; the others are looked at when it is."""
    asked = {question.id: question for question in questions_before_conversion(import_)}
    given = taken.given
    wrong = [question for question in given if question in asked and not asked[question].takes(given[question])]
    if wrong:
        raise UnknownAnswersError(wrong, list(asked.values()))
    answers = {**said_before(import_), **given}
    known = {**said_by(taken.layout), **answers}
    left = [question.as_json() for id_, question in asked.items() if id_ not in known]
    if not left:
        return _convert_anew(session, services, import_, taken)
    moved = try_move(
        session,
        import_.id,
        Status.WAITING,
        **taken.details._asdict(),
        answers=answers,
        questions=left,
        **taken.columns,
    )
    session.commit()
    return moved


def _is_other_conversion(import_: Import, taken: Taken) -> bool:
    """Whether answers decide otherwise what is converted, and how."""
    before = {**said_by(layout_of(import_)), **said_before(import_)}
    now = {**said_by(taken.layout), **said_before(import_), **taken.given}
    return any(question in BEFORE and before.get(question) != said for question, said in now.items())


def _refuse_foreign(import_: Import, given: Mapping[str, Any]) -> None:
    """Refuse answers about how a file is converted that has no such thing: a workbook has no encoding."""
    about = (import_.conversion or {}).get("about", ())
    foreign = [question for question in given if question in BEFORE and question not in about]
    if foreign:
        raise UnknownAnswersError(foreign, [Question.from_json(told) for told in import_.questions or []])


def _convert_anew(session: Session, services: Services, import_: Import, taken: Taken) -> bool:
    before = said_before(import_)
    if taken.given.get("sheet") not in (None, before.get("sheet")):  # its columns are others
        before = {question: said for question, said in before.items() if question in BEFORE}
    answers = {**before, **taken.given}
    return begin_conversion(session, services, import_, taken.details, answers=answers, **taken.columns)
