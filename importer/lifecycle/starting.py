"""From a file that has arrived to the first row: the import begins at once, or waits for answers.

What is remembered for the file's layout counts as answered, unless the file contradicts it (docs/design.md, rule
22).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from importer.errors import LayoutExistsError, OtherLayoutError
from importer.files.detection import Described
from importer.files.layout_answers import difference, not_overruled, numbered
from importer.files.openings import Beginning, Opening, describe_text, open_text, without_blank_end
from importer.files.problems import Limits
from importer.files.questions import Answers
from importer.lifecycle.dispatching import dispatch
from importer.lifecycle.event_kinds import EventKind
from importer.lifecycle.events import record_in
from importer.lifecycle.layouts import REMEMBERED, Remembered, header_digest, recall, remember
from importer.lifecycle.named_layouts import NamedLayout, Saving, save
from importer.lifecycle.transitions import MoveDetails, try_move
from importer.models import Import
from importer.record_types import RecordType
from importer.services import Services
from importer.statuses import Status

ABOUT_THE_FILE = frozenset({"encoding", "delimiter", "header"})
"""Questions whose answer decides what the header is."""

ABOUT_THE_TEXT = ABOUT_THE_FILE | {"quote"}
"""What may be answered of a text beside that, whether it is asked or not."""


class Reading(NamedTuple):
    """How an import's file is read, as far as that is known.

    Attributes:
        answers: all that count, remembered ones among them.
        given: those that were given for this file.
        unused: the ids of given answers that no question has.
        layout: the named one by which it is read; its answers count as given.
    """

    opening: Opening
    answers: dict[str, Any]
    given: dict[str, Any]
    remembered: Remembered | None
    unused: list[str]
    layout: NamedLayout | None = None

    @property
    def is_certain(self) -> bool:
        return not self.opening.proposal.questions


def read_beginning(
    session: Session,
    services: Services,
    beginning: Beginning,
    record_type: RecordType,
    given: Mapping[str, Any],
    user_id: int | None,
    layout: NamedLayout | None = None,
) -> Reading:
    """Say how a file would be read.

    Args:
        given: answers, by question.
        user_id: whose file it is.
        layout: the named one by which it is read; then nothing else that is remembered counts.

    Raises:
        OtherLayoutError: its header is not that layout's.
        RefusedFileError: it cannot be imported, whatever is answered.
    """
    fields = record_type.fields
    describe = partial(describe_text, beginning, fields)
    remembered = None
    if layout is not None:
        asked, described = by_layout(layout, given, describe)
    else:
        asked = Answers(given)
        described = describe(asked)
        for tried in _with_each_choice(described, given, describe):
            remembered = recall(session, record_type.name, digest_of(tried), user_id)
            if remembered is not None:
                remembered, asked, described = as_remembered(remembered, given, describe)
                break
    opening = open_text(beginning, described, fields, asked, header_limits(services))
    unused = [question for question in asked.unused if question in given]
    return Reading(opening, dict(asked), dict(given), remembered, unused, layout)


def as_remembered(
    remembered: Remembered, given: Mapping[str, Any], describe: Callable[[Answers], Described]
) -> tuple[Remembered, Answers, Described]:
    """Describe a file by the answers to an earlier one with the same header.

    Where they lead to another header, as the number of a line does in a file with more titles, the file
    contradicts what they say of its text, and that does not count.
    """
    asked = Answers(given, remembered.answers)
    described = describe(asked)
    if digest_of(described) != remembered.digest:
        remembered = remembered.without(ABOUT_THE_TEXT)
        asked = Answers(given, remembered.answers)
        described = describe(asked)
    return remembered, asked, described


def by_layout(
    layout: NamedLayout, given: Mapping[str, Any], describe: Callable[[Answers], Described]
) -> tuple[Answers, Described]:
    """Describe a file by the answers of a named layout, as if they were given with it.

    Where they lead to another header, as the number of a line does in a file with more titles, what they say of
    its text does not count. While a question about the text is open, one choice that leads to it is enough.

    Raises:
        OtherLayoutError: nothing leads to the layout's header.
    """
    about_columns = {id_: said for id_, said in layout.answers.items() if id_ not in ABOUT_THE_TEXT}
    for answers in (layout.answers, about_columns):
        counting = {**not_overruled(answers, given, layout.header), **given}
        described = describe(asked := Answers(counting))
        if any(digest_of(tried) == layout.digest for tried in _with_each_choice(described, counting, describe)):
            return asked, described
    found = difference(layout.header, described.header)
    raise OtherLayoutError(f"The columns of the file are not those of the layout “{layout.name}”. {found}")


def _with_each_choice(
    described: Described, given: Mapping[str, Any], describe: Callable[[Answers], Described]
) -> Iterator[Described]:
    """The file as it looks, then with each choice where it is not certain: one of these headers may be known."""
    yield described
    for question in described.questions:
        if question.id in ABOUT_THE_FILE:
            for choice in question.choices:
                yield describe(Answers({**given, question.id: choice.value}))


def header_limits(services: Services) -> Limits:
    """What a header must keep to."""
    settings = services.settings
    return Limits(None, settings.max_record_bytes, settings.max_cell_chars)


def digest_of(described: Described) -> str:
    """What a file's header is known by."""
    names = without_blank_end(described.header, described.profile.width)
    return header_digest(names, has_header=described.profile.header_line is not None)


def start_or_wait(
    session: Session,
    services: Services,
    import_: Import,
    reading: Reading,
    details: MoveDetails,
    *,
    must_wait: bool = False,
    **values: Any,
) -> bool:
    """Queue the import where all is certain, else let it wait for answers; commit.

    It waits, too, while a person is to say whether they want the same file again.

    Args:
        must_wait: whether it waits also where all is certain, for a person is to be told something first.
        values: further columns of the import to write in the same statement.

    Returns:
        Whether it was moved; False where it was cancelled or given up meanwhile, or the condition fails.

    Raises:
        LayoutExistsError: somebody else has taken the name for its answers meanwhile; nothing is moved.
    """
    asks_about_repeat = values.get("asks_about_repeat", import_.asks_about_repeat)
    begins = reading.is_certain and not must_wait and not asks_about_repeat
    target = Status.QUEUED if begins else Status.WAITING
    moved = try_move(session, import_.id, target, **details._asdict(), **{**_as_columns(reading), **values})
    if moved and target is Status.WAITING and Status.UPLOADING in details.only_from:
        record_in(session, import_, EventKind.ASKED, questions=len(reading.opening.proposal.questions))
    if moved and begins:
        _remember(session, import_, reading, values)
    session.commit()
    if not moved:
        return False
    session.refresh(import_)
    if begins:
        dispatch(session, services, import_)
    return True


def _remember(session: Session, import_: Import, reading: Reading, values: Mapping[str, Any]) -> None:
    """Keep the answers that count for the next file: those that were given, and under a name all of them.

    Args:
        values: columns of the import that are written together with it.
    """
    record_type = values.get("record_type", import_.record_type)
    named = values.get("save_layout", import_.save_layout)
    digest = digest_of(reading.opening.proposal.described)
    if reading.given:
        remember(session, record_type, digest, import_.created_by, reading.answers)
    if not named:
        return
    names = reading.opening.names
    try:
        save(session, Saving(**named), record_type, digest, names, numbered(reading.answers, names))
    except LayoutExistsError:
        session.rollback()
        raise


def _as_columns(reading: Reading) -> dict[str, Any]:
    """What an import keeps of how its file is read, by its columns."""
    opening = reading.opening
    proposal = opening.proposal
    kept = dict(reading.answers)
    if reading.remembered is not None:
        kept[REMEMBERED] = reading.remembered.as_json()
    if reading.layout is not None:
        kept[REMEMBERED] = _from_layout(reading.layout, reading)
    return {
        "header": opening.names,
        "columns": proposal.fields_of_columns,
        "profile": opening.as_json(),
        "mapping": proposal.mapping.as_json(),
        "answers": kept,
        "questions": [question.as_json() for question in proposal.questions],
        "rows_line": opening.position.line_number,
        "rows_offset": opening.position.offset,
    }


def _from_layout(layout: NamedLayout, reading: Reading) -> dict[str, Any]:
    """What is kept beside an import's answers of those that a named layout gave."""
    questions = sorted(question for question in reading.answers if question not in reading.given)
    return {"by": layout.by, "at": layout.at, "layout": layout.name, "questions": questions}
