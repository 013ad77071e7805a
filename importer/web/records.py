"""Pages of records: those that an import wrote, and one record with those who wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, render_template, request, url_for

from importer.control.authors import Authors
from importer.control.columns import FileColumns
from importer.control.corrections import Made, corrections_of_row
from importer.control.record_writers import (
    BEGINNINGS,
    DEEDS,
    MOST_LATE_ROWS,
    RecordStory,
    Succeeded,
    find_record,
    record_written_by,
    successor_of_row,
)
from importer.control.records import (
    Asked,
    Order,
    RecordsPage,
    RowState,
    page_of_records,
    position_told,
    state_of_row,
)
from importer.control.reports import find_import
from importer.errors import NoRecordsError, RefusedKeyError
from importer.files.row_numbers import LARGEST_ROW
from importer.ledger.planning import TooSlowError
from importer.models import Import
from importer.web.addresses import short_address, typed_characters
from importer.web.extensions import db, services
from importer.web.formats import SHOWN_CHARACTERS

blueprint = Blueprint("records", __name__)

PAGE_RECORDS = 50
WHOLE_CHARACTERS = 10_000
"""Of a value that the page of one record shows; the API gives all of it."""


@dataclass(frozen=True)
class RowStory:
    """What became of the row that was asked for, and how it was corrected before.

    Attributes:
        successor: who wrote its record in its place, where no record names this row any more.
    """

    number: int
    state: RowState
    corrections: list[Made]
    successor: Succeeded | None


@blueprint.get("/imports/<import_id:import_id>/records")
def index(import_id: str) -> str:
    import_ = find_import(db.session(), g.user, import_id)
    page, trouble = None, None
    asked = _asked()
    try:
        page = _page(import_, asked)
    except (NoRecordsError, RefusedKeyError, TooSlowError) as error:
        trouble = error.message
    start = min(max(request.args.get("start", 0, type=int), 0), LARGEST_ROW)
    return render_template(
        "records/index.html",
        import_=import_,
        asked=page.asked if page else asked,
        typed=asked,
        page=page,
        trouble=trouble,
        start=start,
        following=_following(import_, page, start) if page else None,
        typed_characters=typed_characters(len(page.table.key)) if page else None,
        authors=Authors(db.session(), g.user, page.records) if page else None,
        story=_story(import_, asked.row_number, page),
        since=_written_since(import_, page),
        label=FileColumns(import_).label,
        characters=SHOWN_CHARACTERS,
        largest_row=LARGEST_ROW,
        page_records=PAGE_RECORDS,
        record_address=record_address,
    )


@blueprint.get("/records/<record_type>")
def show(record_type: str) -> str:
    """One record: its key is in the address, a `key` for each of its fields, whatever signs it has."""
    key = request.args.getlist("key")
    told = find_record(db.session(), services(), g.user, record_type, key, characters=WHOLE_CHARACTERS)
    return render_template(
        "records/show.html",
        told=told,
        record_type=record_type,
        label=_labels(one.author.import_ for one in told.writers if one.author.corrections),
        MOST_LATE_ROWS=MOST_LATE_ROWS,
        DEEDS=DEEDS,
        BEGINNINGS=BEGINNINGS,
        characters=WHOLE_CHARACTERS,
        in_full=url_for("records_api.show", record_type=record_type, key=key),
    )


def record_address(record_type: str, key: tuple[str, ...]) -> str | None:
    """The address of a record's page; None where its key is too long for one."""
    return short_address("records.show", record_type=record_type, key=list(key))


def _row_asked() -> int | None:
    """The row that the address names; one that no row can have is the largest."""
    number = request.args.get("row", type=int)
    return min(number, LARGEST_ROW) if number is not None and number > 0 else None


def _asked() -> Asked:
    key = tuple(request.args.getlist("key"))
    told = request.args.get("order")
    is_by_key = told == Order.KEY or (any(key) and told != Order.ROW)
    return Asked(Order.KEY if is_by_key else Order.ROW, key if any(key) else (), _row_asked())


def _page(import_: Import, asked: Asked) -> RecordsPage:
    asked = asked._replace(after=position_told(request.args.get("after")))
    return page_of_records(
        db.session(), services(), import_, asked, limit=PAGE_RECORDS, characters=SHOWN_CHARACTERS
    )


def following_address(endpoint: str, import_: Import, page: RecordsPage, **more: int) -> str | None:
    """The address of the next page; None where there is none, or the keys in it are too long for one."""
    if page.next is None:
        return None
    asked = page.asked
    here: dict[str, Any] = {"order": asked.order.value, "key": list(asked.key), "row": asked.row_number}
    return short_address(endpoint, import_id=import_.id, **here, after=page.next, **more)


def _following(import_: Import, page: RecordsPage, start: int) -> str | None:
    return following_address("records.index", import_, page, start=start + len(page.records))


def _story(import_: Import, row_number: int | None, page: RecordsPage | None) -> RowStory | None:
    if row_number is None:
        return None
    state = state_of_row(db.session(), import_, row_number)
    is_named = page is None or page.records or page.next
    successor = None if state is not RowState.IMPORTED or is_named else _successor(import_, row_number)
    return RowStory(row_number, state, corrections_of_row(db.session(), import_, row_number), successor)


def _successor(import_: Import, row_number: int) -> Succeeded | None:
    try:
        return successor_of_row(db.session(), services(), g.user, import_, row_number)
    except TooSlowError:
        return None


def _written_since(import_: Import, page: RecordsPage | None) -> RecordStory | None:
    """The record with the key that was asked for, where this import wrote it and another one did since."""
    if page is None or page.records or page.next or not page.asked.key:
        return None
    try:
        return record_written_by(db.session(), services(), g.user, import_, page.asked.key)
    except (RefusedKeyError, TooSlowError):
        return None


def _labels(imports: Iterable[Import | None]) -> dict[int, Any]:
    """What the columns of these imports are called, by their sequence."""
    return {import_.sequence: FileColumns(import_).label for import_ in imports if import_ is not None}
