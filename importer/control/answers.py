"""Answers to the questions about a file that waits for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from importer.errors import RefusedTransitionError, UnknownAnswersError
from importer.lifecycle.beginnings import beginning_of
from importer.lifecycle.layouts import REMEMBERED
from importer.lifecycle.starting import Reading, read_beginning, start_or_wait
from importer.models import Import
from importer.services import Services
from importer.statuses import Status


def reading_of(session: Session, services: Services, import_: Import, given: Mapping[str, Any]) -> Reading:
    """How the file of a waiting import would be read with these answers, besides those that it has.

    Raises:
        RefusedTransitionError: it does not wait for answers.
        RefusedFileError: with these answers the file cannot be imported.
        ObjectChangedError, ObjectMissingError, StorageError: its file cannot be read.
    """
    if import_.status != Status.WAITING:
        raise RefusedTransitionError(f"Import {import_.id} is {import_.status}; it does not wait for answers.")
    record_type = services.record_types[import_.record_type]
    known, user_id = said_before(import_), import_.created_by
    session.commit()  # S3 is asked next, and the database ends a transaction that waits for long
    beginning = beginning_of(services, import_)
    return read_beginning(session, services, beginning, record_type, {**known, **given}, user_id)


def said_before(import_: Import) -> dict[str, Any]:
    """The answers that an import has, as far as they were given for its own file."""
    answers = dict(import_.answers or {})
    remembered = answers.pop(REMEMBERED, {"questions": []})
    return {question: answer for question, answer in answers.items() if question not in remembered["questions"]}


def answer(session: Session, services: Services, import_: Import, given: Mapping[str, Any]) -> Reading:
    """Take answers; the import begins where no question is left.

    Raises:
        UnknownAnswersError: naming those that answer nothing; then none is taken.
        as `reading_of` does.
    """
    reading = reading_of(session, services, import_, given)
    still_open = {question.id for question in reading.opening.proposal.questions}
    unknown = [question for question in given if question in reading.unused or question in still_open]
    if unknown:
        raise UnknownAnswersError(unknown, reading.opening.proposal.questions)
    if not start_or_wait(session, services, import_, reading, only_from=[Status.WAITING]):
        session.refresh(import_)
        raise RefusedTransitionError(f"Import {import_.id} is {import_.status}; it does not wait for answers.")
    return reading
