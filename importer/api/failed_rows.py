"""Failed rows of an import, their groups and their corrections, as JSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, request, url_for
from werkzeug.exceptions import BadRequest

from importer.api.imports import IMPORT, PAGE, Answer
from importer.api.queries import Number, json_object, numbers
from importer.control import corrections
from importer.control.columns import FileColumns
from importer.control.corrections import Fault, Made
from importer.control.failed_rows import Sort, page_of_failed_rows
from importer.control.groups import MAX_GROUPS, Group, groups_of
from importer.control.reports import find_import
from importer.files.row_numbers import LARGEST_ROW
from importer.ledger.chosen_rows import DISCARDED, ChosenRows
from importer.models import FailedRow, Import
from importer.web.extensions import db, services

blueprint = Blueprint("failed_rows_api", __name__, url_prefix="/api")

FAILED_ROWS = Number(default=50, least=1, most=1000)
ROW_NUMBER = Number(default=0, least=0, most=LARGEST_ROW)
CORRECTIONS = Number(default=50, least=1, most=100)
CHOICE = ("field", "code", "text", "discarded", "sort")
ROW = f"{IMPORT}/failed-rows/<int:row_number>"
CELLS = '{"cells": {"email": "ann@example.com"}}'
CORRECTION = '{"attempt": 1, "cells": {"email": "ann@example.com"}}'


@blueprint.get(f"{IMPORT}/failed-rows")
def index(import_id: str) -> Answer:
    """A page of them; it may be shorter than the limit, and is the last only where `next` is null."""
    asked = numbers(CHOICE, after=ROW_NUMBER, limit=FAILED_ROWS, start=ROW_NUMBER)
    import_ = _find(import_id)
    columns, chosen = FileColumns(import_), ChosenRows.told(request.args)
    if request.args.get("discarded") not in (None, DISCARDED):
        raise BadRequest(f"discarded may be {DISCARDED}, or be left out.")
    sort = Sort.told(request.args.get("sort"), columns)
    page = page_of_failed_rows(db.session(), import_, **asked, chosen=chosen, sort=sort)
    following = None
    if page.has_next:
        on = (
            {"start": asked["start"] + len(page.rows)}
            if sort
            else {"after": page.rows[-1].row_number, "start": None}
        )
        here: dict[str, Any] = {**request.args.to_dict(), "limit": asked["limit"], **on}
        following = url_for("failed_rows_api.index", import_id=import_id, **here)
    return {"failed_rows": [_failed_row(row, columns) for row in page.rows], "next": following}


@blueprint.get(ROW)
def show(import_id: str, row_number: int) -> Answer:
    import_ = _find(import_id)
    row = corrections.find_failed_row(db.session(), import_, _in_bounds(row_number))
    return _failed_row(row, FileColumns(import_))


@blueprint.get(f"{IMPORT}/failed-row-groups")
def groups_index(import_id: str) -> Answer:
    """The largest groups, at most 50, and how many there are."""
    numbers()
    found = groups_of(db.session(), _find(import_id))
    told = [_group(group) for group in found.groups[:MAX_GROUPS]]
    return {"groups": told, "group_count": len(found.groups), "discarded_rows": found.discarded}


@blueprint.post(f"{ROW}/corrections")
def create_correction(import_id: str, row_number: int) -> Answer:
    """Correct cells of a failed row, which is tried at once."""
    import_, body = _find(import_id), json_object(CORRECTION, "attempt", "cells")
    attempt = body.get("attempt")
    if not isinstance(attempt, int) or isinstance(attempt, bool):
        raise BadRequest(f"attempt is the row's attempts as they were when you read it. Send {CORRECTION}.")
    changes = _changes(import_, body)
    number = _in_bounds(row_number)
    corrections.correct(db.session(), services(), import_, number, attempt, changes, g.user)
    return {"row_number": number, "attempt": attempt + 1}


@blueprint.post(f"{ROW}/check")
def check(import_id: str, row_number: int) -> Answer:
    """What would be wrong with the row after these changes; nothing is saved."""
    import_ = _find(import_id)
    changes = _changes(import_, json_object(CELLS, "cells"))
    found = corrections.check(db.session(), services(), import_, _in_bounds(row_number), changes)
    return {"faults": [fault_as_json(fault) for fault in found]}


@blueprint.get(f"{IMPORT}/corrections")
def corrections_index(import_id: str) -> Answer:
    """Corrections by hand, the latest first."""
    number, limit = numbers(page=PAGE, limit=CORRECTIONS).values()
    import_ = _find(import_id)
    found, has_next = corrections.page_of_corrections(db.session(), import_, number=number, limit=limit)
    here: dict[str, Any] = {"import_id": import_id, "page": number + 1, "limit": limit}
    following = url_for("failed_rows_api.corrections_index", **here) if has_next else None
    columns = FileColumns(import_)
    return {"corrections": [_correction(made, columns) for made in found], "next": following}


def fault_as_json(fault: Fault) -> Answer:
    return {
        "field": fault.field,
        "columns": [place + 1 for place in fault.places],
        "code": fault.code,
        "message": fault.sentence,
    }


def _find(import_id: str) -> Import:
    return find_import(db.session(), g.user, import_id)


def _in_bounds(row_number: int) -> int:
    """The number of a row; one that no row has is as good as that of none."""
    return min(row_number, LARGEST_ROW)


def _changes(import_: Import, body: dict[str, Any]) -> dict[int, str]:
    cells = body.get("cells")
    if not isinstance(cells, dict) or not all(isinstance(text, str) for text in cells.values()):
        raise BadRequest(f"cells names columns with their new texts. Send {CELLS}.")
    return FileColumns(import_).by_place(cells)


def _failed_row(row: FailedRow, columns: FileColumns) -> Answer:
    return {
        "row_number": row.row_number,
        "line_number": row.line_number,
        "code": row.code,
        "column": row.column_name,
        "message": row.message,
        "faults": [fault_as_json(fault) for fault in corrections.faults_of(row, columns)],
        "cells": row.cells,
        "attempts": row.attempts,
        "failed_at": row.failed_at.isoformat(),
        "discarded_at": row.discarded_at.isoformat() if row.discarded_at else None,
        "retry_requested_at": row.retry_requested_at.isoformat() if row.retry_requested_at else None,
    }


def _group(group: Group) -> Answer:
    return {
        "field": group.field,
        "code": group.code,
        "meaning": group.meaning,
        "rows": group.rows,
        "share": round(group.share, 4),
        "may_pass_unchanged": group.may_pass_unchanged,
        "examples": [example._asdict() for example in group.examples],
    }


def _correction(made: Made, columns: FileColumns) -> Answer:
    kept = made.correction
    return {
        "row_number": kept.row_number,
        "attempt": kept.attempt,
        "made_by": made.by,
        "made_at": kept.made_at.isoformat(),
        "changes": [
            {"column": place + 1, "name": columns.label(place), "before": before, "after": after}
            for place, before, after in kept.changes
        ],
        "is_failed": made.is_failed,
    }
