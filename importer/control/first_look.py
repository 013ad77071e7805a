"""What a file's first bytes say of it before it is sent: its kind, its record type, refusals and questions.

Nothing is stored. The whole file is looked at once more when it has arrived, and that counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from importer.errors import FileTooLargeError, NotInPlaceError, RefusedFileError, UnknownRecordTypeError
from importer.files.conversion.sources import CONVERTED
from importer.files.detection import Described, describe
from importer.files.fields import Field
from importer.files.kinds import kind_of
from importer.files.names import normalised
from importer.files.openings import Beginning, describe_text
from importer.files.proposal import ProposedColumn
from importer.files.questions import Answers, Question
from importer.files.refusals import refusal
from importer.files.samples import HEAD_BYTES
from importer.lifecycle.named_layouts import names_of
from importer.lifecycle.starting import digest_of, read_beginning
from importer.record_types import RecordType, RecordTypes
from importer.services import Services

FIRST_BYTES = HEAD_BYTES
"""So many bytes tell what kind of file it is; all of a smaller file."""

TEXT_BYTES = 64 * 1024
LEAST_LINES = 10
"""A text is described by so many bytes, if they hold so many lines: a person waits, others share the server."""

MOST_COLUMNS = 300
"""Of a file with more columns only the record type is told: to match them all takes longer than a person waits."""


class Fit(NamedTuple):
    """How well a file fits a record type, by the names of its columns alone.

    Attributes:
        filled: how many fields have a column.
        is_complete: whether all required ones have.
    """

    name: str
    label: str
    filled: int
    fields: int
    is_complete: bool


class FirstLook(NamedTuple):
    """What is known of a file by its first bytes.

    Attributes:
        kind: as `importer.files.kinds` names it.
        profile: how its text is read; None where it is no text, or cannot be read.
        fits: of each record type; none without a profile.
        record_type: the one that the rest is about: the one asked for, or else the best.
        refused: why the file cannot be imported, as that record type or at all.
        columns: with the field that each fills.
        questions: what will be asked before the first row is read.
        layouts: the names of those that are for files with these columns.
    """

    kind: str
    profile: dict[str, Any] | None = None
    fits: Sequence[Fit] = ()
    record_type: str | None = None
    refused: RefusedFileError | None = None
    columns: Sequence[ProposedColumn] = ()
    questions: Sequence[Question] = ()
    layouts: Sequence[str] = ()

    @property
    def best(self) -> str | None:
        """The record type that the file says; None where it says none, or several."""
        return best_of(self.fits)

    @property
    def ignored(self) -> list[str]:
        """Columns that no field takes, and about which nothing is asked."""
        asked = {question.id for question in self.questions}
        left = (column for column in self.columns if column.field is None and column.suggested is None)
        return [column.name for column in left if f"column-{column.number}" not in asked]


def look(
    session: Session, services: Services, head: bytes, size: int, record_type: str | None, user_id: int | None
) -> FirstLook:
    """Say what a file would be.

    Args:
        head: its first bytes, `FIRST_BYTES` or all there are.
        size: of the whole file, in bytes.
        record_type: the one that a person has chosen; None: the best one.
        user_id: whose file it is.

    Raises:
        UnknownRecordTypeError: there is no such record type.
    """
    if record_type is not None:
        services.record_types.require(record_type)
    found = FirstLook(kind_of(head), record_type=record_type)
    if size > services.settings.max_upload_bytes:
        return found._replace(refused=FileTooLargeError(services.settings.max_upload_bytes))
    if found.kind in CONVERTED:
        return found
    part = _part_of(head)
    beginning = Beginning(part, is_whole_file=size == len(part))
    try:
        return _look_at_text(session, services, beginning, found, user_id)
    except RefusedFileError as error:
        return found._replace(refused=error)


def _part_of(head: bytes) -> bytes:
    return head[:TEXT_BYTES] if head.count(b"\n", 0, TEXT_BYTES) >= LEAST_LINES else head


def require_type(session: Session, services: Services, head: bytes, size: int | None, user_id: int | None) -> str:
    """The record type that a file says.

    Args:
        size: of the whole file, in bytes; None: not known.

    Raises:
        RefusedFileError: the file cannot be imported.
        UnknownRecordTypeError: it says none, or several; naming those there are.
    """
    least = len(head) + (len(head) == FIRST_BYTES)
    found = look(session, services, head, size or least, None, user_id)
    if found.best is not None:
        return found.best
    if found.refused is not None:
        raise found.refused
    known = ", ".join(sorted(one.name for one in services.record_types))
    why = f"It is {CONVERTED[found.kind]}" if found.kind in CONVERTED else "Its columns fit none, or several"
    raise UnknownRecordTypeError(f"The file does not say its record type. {why}: name one of {known}.")


def _look_at_text(
    session: Session, services: Services, beginning: Beginning, found: FirstLook, user_id: int | None
) -> FirstLook:
    described, is_in_place = _described(beginning, _all_fields(services.record_types))
    if not described.header:
        raise refusal("empty")
    fits = fits_of(described.header, services.record_types)
    found = found._replace(
        profile=described.profile.as_json(),
        fits=fits,
        record_type=found.record_type or best_of(fits),
        questions=described.questions,
    )
    if found.record_type is None or not is_in_place or len(described.header) > MOST_COLUMNS:
        return found
    record_type = services.record_types[found.record_type]
    try:
        reading = read_beginning(session, services, beginning, record_type, {}, user_id)
    except RefusedFileError as error:
        return found._replace(refused=error, questions=())
    proposal = reading.opening.proposal
    return found._replace(
        profile=reading.opening.line_format.as_json(),
        columns=proposal.columns,
        questions=proposal.questions,
        layouts=names_of(session, record_type.name, digest_of(proposal.described)),
    )


def _described(beginning: Beginning, fields: Sequence[Field]) -> tuple[Described, bool]:
    """A text as it looks, and whether it can be read without being converted; in UTF-16, say, it cannot."""
    try:
        return describe_text(beginning, fields, Answers()), True
    except NotInPlaceError:
        return describe(beginning.sample, frozenset().union(*(field.names for field in fields))), False


def _all_fields(record_types: RecordTypes) -> list[Field]:
    return [field for record_type in record_types for field in record_type.fields]


def fits_of(header: Sequence[str], record_types: Iterable[RecordType]) -> list[Fit]:
    """How well the columns of a file fit each record type.

    Args:
        header: their names.
    """
    names = frozenset(map(normalised, header))
    return [_fit(names, record_type) for record_type in record_types]


def _fit(names: frozenset[str], record_type: RecordType) -> Fit:
    fields = record_type.fields
    filled = {field.name for field in fields if field.names & names}
    is_complete = all(field.name in filled for field in fields if field.required)
    return Fit(record_type.name, record_type.label, len(filled), len(fields), is_complete)


def best_of(fits: Sequence[Fit]) -> str | None:
    """The one record type that has all its required columns, and more others than any; or else any at all."""
    complete = [fit for fit in fits if fit.is_complete and fit.filled]
    candidates = sorted(complete or [fit for fit in fits if fit.filled], key=lambda fit: -fit.filled)
    if len(candidates) == 1:
        return candidates[0].name
    is_clear = bool(complete) and candidates[0].filled > candidates[1].filled
    return candidates[0].name if is_clear else None
