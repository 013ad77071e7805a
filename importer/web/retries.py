"""Retries of failed rows, one or all."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Blueprint, flash, g, redirect, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from importer.control import retries
from importer.control.reports import find_import
from importer.files.row_numbers import LARGEST_ROW
from importer.models import FailedRow, Import
from importer.statuses import Status
from importer.web.extensions import db, services

blueprint = Blueprint("retries", __name__)

KEPT = ("after", "start", "sort", "field", "code", "text", "discarded")
"""What the address of the table of failed rows keeps after a retry."""


class Result(NamedTuple):
    """What came of a retry so far.

    Attributes:
        tone: of the notice: `good`, `warn`, or `info` while it goes on.
        imported_row: the one row that was tried, if it is imported.
    """

    tone: str
    sentence: str
    imported_row: int | None = None


@blueprint.post("/imports/<import_id:import_id>/retry")
def create(import_id: str) -> Response:
    import_ = find_import(db.session(), g.user, import_id)
    row_number, before = row_number_of(request.form.get("row_number")), import_.failed_rows
    count = retries.retry(db.session(), services(), import_, g.user, row_number)
    address = {name: request.form[name] for name in KEPT if request.form.get(name)}
    if not count:
        flash(f"Row {row_number:,} is not a failed row." if row_number else "There is no failed row.")
    elif row_number is not None:
        address["retried_row"] = str(row_number)
    else:
        address["retried"] = str(before)
    here: dict[str, Any] = {"import_id": import_id, "_anchor": "failed-rows", **address}
    return redirect(url_for("imports.show", **here))


def result_of(import_: Import, retrying: int) -> Result | None:
    """What came of the retry that the address names; None where it names none.

    Args:
        retrying: how many failed rows still wait for theirs.
    """
    row_number = request.args.get("retried_row", type=int)
    if row_number is not None and 0 < row_number <= LARGEST_ROW:
        return _result_of_row(import_, row_number)
    asked = request.args.get("retried", type=int)
    return _result_of_all(import_, asked, retrying) if asked is not None and asked > 0 else None


def _result_of_row(import_: Import, row_number: int) -> Result:
    row = db.session.get(FailedRow, (import_.sequence, row_number))
    if row is None:
        return Result("good", f"Row {row_number:,} was tried again, and is imported.", row_number)
    if row.retry_requested_at is not None:
        return Result("info", f"Row {row_number:,} is being tried again…")
    return Result("warn", f"Row {row_number:,} was tried again, and failed again.")


def _result_of_all(import_: Import, asked: int, retrying: int) -> Result:
    rows = "1 failed row" if asked == 1 else f"{asked:,} failed rows"
    if retrying:
        return Result(
            "info", f"{rows} {'is' if asked == 1 else 'are'} being tried again: {retrying:,} still to go."
        )
    was = f"{rows} {'was' if asked == 1 else 'were'} tried again:"
    if import_.status != Status.COMPLETED:
        return Result("info", f"{was} {import_.failed_rows:,} rows of the import are failed now.")
    imported = max(asked - import_.failed_rows, 0)
    if not import_.failed_rows:
        return Result("good", f"{was} all are imported.")
    return Result("warn", f"{was} {imported:,} imported, {import_.failed_rows:,} failed again.")


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
