"""Corrections of failed rows by hand: the form of one row, which the table takes its inputs from, and the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest

from importer.control import corrections
from importer.control.columns import FileColumns
from importer.control.record_writers import would_change
from importer.control.records import has_records
from importer.control.reports import find_import
from importer.errors import OutdatedRowError, RefusedCellError
from importer.files.corrected_rows import UNWRITABLE
from importer.files.row_numbers import LARGEST_ROW
from importer.models import FailedRow, Import
from importer.statuses import TAKES_ROWS
from importer.web import formats
from importer.web.auth import wants_json
from importer.web.extensions import db, services
from importer.web.records import record_address
from importer.web.retries import KEPT

blueprint = Blueprint("corrections", __name__)

ROW = "/imports/<import_id:import_id>/failed-rows/<int:row_number>"
CELL = "cell-"
"""What the name of an input begins with; the place of its cell follows, from 0."""

FORM_CELLS = 1000
"""Cells of a row that its form shows, those at fault first."""

PAGE_CORRECTIONS = 50
LAST_PAGE = 10_000


@dataclass(frozen=True)
class Input:
    """A cell in the form.

    Attributes:
        text: as it can be written in an input; NUL and bytes that are no text stand there as escapes.
    """

    place: int
    label: str
    text: str
    faults: list[str]

    @property
    def has_lines(self) -> bool:
        return "\n" in self.text or "\r" in self.text


@blueprint.get(f"{ROW}/edit")
def edit(import_id: str, row_number: int) -> str:
    """The form of one row: a page by itself, and where the table's script takes its inputs from."""
    return _form(_find(import_id), row_number, None)


@blueprint.post(f"{ROW}/corrections")
def create(import_id: str, row_number: int) -> Any:
    """Correct the cells that differ, and have the row tried at once."""
    import_ = _find(import_id)
    attempt = request.form.get("attempt", type=int)
    if attempt is None:
        raise BadRequest("The form says nothing of the attempt that it corrects. Load the page again.")
    try:
        changes = _changes(import_, row_number)
        corrections.correct(db.session(), services(), import_, _bounded(row_number), attempt, changes, g.user)
    except (RefusedCellError, OutdatedRowError) as error:
        if wants_json():
            raise
        db.session.rollback()
        return _form(import_, row_number, error), 422
    if wants_json():
        return {"row_number": row_number}
    kept = {name: request.form[name] for name in KEPT if request.form.get(name)}
    here: dict[str, Any] = {"import_id": import_id, "retried_row": row_number, "_anchor": "failed-rows", **kept}
    return redirect(url_for("imports.show", **here))


@blueprint.post(f"{ROW}/check")
def check(import_id: str, row_number: int) -> dict[str, Any]:
    """What would be wrong with the row as the form has it, for the script that asks while a person types."""
    import_ = _find(import_id)
    changes = _changes(import_, row_number)
    found = corrections.check(db.session(), services(), import_, _bounded(row_number), changes)
    return {
        "faults": [{"field": one.field, "places": one.places, "message": one.sentence} for one in found],
    }


@blueprint.get("/imports/<import_id:import_id>/corrections")
def index(import_id: str) -> str:
    import_ = _find(import_id)
    number = min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
    made, has_next = corrections.page_of_corrections(db.session(), import_, limit=PAGE_CORRECTIONS, number=number)
    return render_template(
        "imports/corrections.html",
        import_=import_,
        made=made,
        page=number,
        has_next=has_next,
        label=FileColumns(import_).label,
        sees_records=has_records(services(), import_),
    )


def _find(import_id: str) -> Import:
    return find_import(db.session(), g.user, import_id)


def _bounded(row_number: int) -> int:
    return min(row_number, LARGEST_ROW)


def _form(import_: Import, row_number: int, refused: RefusedCellError | OutdatedRowError | None) -> str:
    """The form of a row.

    Args:
        refused: why what was sent was not taken; the form then shows what was typed.
    """
    row = corrections.find_failed_row(db.session(), import_, _bounded(row_number))
    columns = FileColumns(import_)
    faults = corrections.faults_of(row, columns)
    return render_template(
        "imports/failed_row.html",
        import_=import_,
        row=row,
        inputs=_inputs(row, columns, faults),
        typed={} if refused is None else request.form,
        refused=refused,
        refused_place=getattr(refused, "place", None),
        row_faults=[fault for fault in faults if not fault.places],
        can_correct=import_.status in TAKES_ROWS and row.discarded_at is None,
        kept={name: request.values[name] for name in KEPT if request.values.get(name)},
        target=(target := would_change(db.session(), services(), g.user, import_, row)),
        target_address=record_address(import_.record_type, target.key) if target and target.is_visible else None,
    )


def _inputs(row: FailedRow, columns: FileColumns, faults: list[corrections.Fault]) -> list[Input]:
    at_fault: dict[int, list[str]] = {}
    for fault in faults:
        for place in fault.places:
            at_fault.setdefault(place, []).append(fault.sentence)
    width = max(columns.width, len(row.cells))
    order = sorted(range(width), key=lambda place: (place not in at_fault, place))[:FORM_CELLS]
    return [
        Input(place, columns.label(place), _written(_cell(row, place)), at_fault.get(place, [])) for place in order
    ]


def _cell(row: FailedRow, place: int) -> str:
    return row.cells[place] if place < len(row.cells) else ""


def _written(cell: str) -> str:
    """A cell as an input can hold it."""
    return formats.visible(cell, len(cell)) if UNWRITABLE.search(cell) else cell


def _changes(import_: Import, row_number: int) -> dict[int, str]:
    """The cells of the form that differ from those of the row.

    Browsers send each line end as CR and LF, whatever the cell has.
    """
    row = corrections.find_failed_row(db.session(), import_, _bounded(row_number))
    sent = {
        int(name.removeprefix(CELL)): text
        for name, text in request.form.items()
        if name.startswith(CELL) and name.removeprefix(CELL).isdecimal() and len(name) < 15
    }
    plain = {place: _with_plain_lines(text) for place, text in sent.items()}
    return {place: text for place, text in plain.items() if text != _with_plain_lines(_written(_cell(row, place)))}


def _with_plain_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
