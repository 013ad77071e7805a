"""Records that an import wrote, and one record with those who wrote it, as JSON."""

from __future__ import annotations

from flask import Blueprint, g, request
from werkzeug.exceptions import BadRequest

from importer.api.imports import IMPORT, Answer
from importer.api.queries import Number, numbers
from importer.control.authors import Author, Authors
from importer.control.record_writers import Writing, find_record, successor_of_row
from importer.control.records import Asked, Order, RecordsPage, page_of_records, position_told
from importer.control.reports import find_import
from importer.files.row_numbers import LARGEST_ROW
from importer.ledger.record_table import Record, RecordTable
from importer.models import Import
from importer.web.addresses import LONGEST_ADDRESS
from importer.web.extensions import db, services
from importer.web.records import following_address, record_address

blueprint = Blueprint("records_api", __name__, url_prefix="/api")

RECORDS = Number(default=50, least=1, most=100)
ROW = Number(default=0, least=1, most=LARGEST_ROW)
LIST_CHARACTERS = 1_000
WHOLE_CHARACTERS = 100_000
"""Of a value, in a list and of one record."""


@blueprint.get(f"{IMPORT}/records")
def index(import_id: str) -> Answer:
    """A page of them; it may be shorter than the limit, and is the last only where `next` is null."""
    asked = numbers(("key", "order", "after"), limit=RECORDS, row=ROW)
    import_ = find_import(db.session(), g.user, import_id)
    wanted = Asked(_order(), _key(), asked["row"] or None, position_told(request.args.get("after")))
    page = page_of_records(
        db.session(), services(), import_, wanted, limit=asked["limit"], characters=LIST_CHARACTERS
    )
    authors = Authors(db.session(), g.user, page.records)
    return {
        "records": [
            _record(import_.record_type, page.table, one, authors.of(one.written), authors.of(one.changed))
            for one in page.records
        ],
        **_succeeded(import_, page),
        "order": page.asked.order.value,
        "looked_through": page.looked_through,
        "has_more": page.next is not None,
        "next": following_address("records_api.index", import_, page, limit=asked["limit"]),
    }


@blueprint.get("/records/<record_type>")
def show(record_type: str) -> Answer:
    numbers(("key",))
    key = request.args.getlist("key")
    told = find_record(db.session(), services(), g.user, record_type, key, characters=WHOLE_CHARACTERS)
    return {
        **_record(record_type, told.table, told.record, told.written, told.changed),
        "writers": [
            {**_author(one.author), "deed": one.deed.value, "late_rows": _late_rows(one)} for one in told.writers
        ],
        "before": told.beginning.value,
    }


def _late_rows(one: Writing) -> list[Answer]:
    return [{"row_number": late.row_number, "has_changed": late.has_changed} for late in one.late]


def _succeeded(import_: Import, page: RecordsPage) -> Answer:
    """Of a row whose record another one has written: which one did."""
    row_number = page.asked.row_number
    if row_number is None:
        return {}
    found = None
    if not page.records and page.next is None:
        found = successor_of_row(db.session(), services(), g.user, import_, row_number)
    if found is None:
        return {"successor": None}
    url = record_address(import_.record_type, found.key) if found.key else None
    first, last = _author(found.first), _author(found.last)
    more = {"is_last_known": found.is_last_known, "record_url": url}
    return {"successor": {**first, "was_there": found.was_there, "last": last, **more}}


def _order() -> Order:
    """In the order of the keys, where some of them are asked for."""
    told = request.args.get("order", Order.KEY if any(_key()) else Order.ROW)
    if told not in list(Order):
        raise BadRequest(f"order is one of: {', '.join(Order)}.")
    return Order(told)


def _key() -> tuple[str, ...]:
    key = tuple(request.args.getlist("key"))
    return key if any(key) else ()


def _record(record_type: str, table: RecordTable, record: Record, written: Author, changed: Author) -> Answer:
    values = dict(zip(table.fields, record.values, strict=True))
    return {
        "key": {
            name: text if len(text) <= LONGEST_ADDRESS else None
            for name, text in zip(table.key, record.key, strict=True)
        },
        "values": {name: value.text for name, value in values.items()},
        "cut": {name: value.length for name, value in values.items() if value.is_cut},
        "written": _author_or_none(written),
        "changed": _author_or_none(changed),
        "created_at": record.created_at,
        "url": record_address(record_type, record.key),
    }


def _author_or_none(author: Author) -> Answer | None:
    """Null: no import."""
    return _author(author) if author.is_an_import else None


def _author(author: Author) -> Answer:
    import_ = author.import_
    told: Answer = {
        "import": None if import_ is None else import_.id,
        "filename": None if import_ is None else import_.filename,
        "is_deleted": author.is_gone,
        "by": author.by,
        "at": None if import_ is None else (import_.finished_at or import_.created_at).isoformat(),
        "row_number": author.writer.row_number,
    }
    if author.corrections is not None:
        told["corrections"] = [
            {
                "made_by": made.by,
                "made_at": made.correction.made_at.isoformat(),
                "is_by_hand": made.correction.repair_id is None,
                "changes": [
                    {"column": place + 1, "before": before, "after": after}
                    for place, before, after in made.correction.changes
                ],
            }
            for made in author.corrections
        ]
    return told
