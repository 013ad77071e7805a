"""Retries of failed rows, one or all."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from importer.control import retries
from importer.control.reports import find_import
from importer.web.extensions import db, services

blueprint = Blueprint("retries", __name__)

LARGEST_ROW = 2**31 - 1


@blueprint.post("/imports/<import_id:import_id>/retry")
def create(import_id: str) -> Response:
    import_ = find_import(db.session(), g.user, import_id)
    row_number = row_number_of(request.form.get("row_number"))
    count = retries.retry(db.session(), services(), import_, g.user, row_number)
    flash(_result(count, row_number))
    after = request.form.get("after", type=int)
    return redirect(url_for("imports.show", import_id=import_id, after=after, _anchor="failed-rows"))


def row_number_of(value: object) -> int | None:
    """The row to retry, or None for all of them.

    Raises:
        BadRequest: it is no row number.
    """
    if value in (None, ""):
        return None
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if not 0 < number <= LARGEST_ROW:
        raise BadRequest("The row number must be a whole number from 1 on.")
    return number


def _result(count: int, row_number: int | None) -> str:
    if row_number is not None:
        return f"Row {row_number:,} is tried again." if count else f"Row {row_number:,} is not a failed row."
    return f"{count:,} failed {'row is' if count == 1 else 'rows are'} tried again."
