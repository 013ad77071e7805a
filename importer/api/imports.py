"""Imports, as JSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, request, url_for
from werkzeug.exceptions import BadRequest

from importer.api.queries import Number, numbers
from importer.control import answers, imports, retries
from importer.control.chosen_imports import ChosenImports, page_of_imports
from importer.control.options import options_from_text
from importer.control.reports import about_the_file, find_import, report, reports
from importer.lifecycle.events import LARGEST_EVENT, events_of
from importer.models import Import
from importer.web.extensions import db, services
from importer.web.imports import LAST_PAGE, as_json
from importer.web.retries import row_number_of
from importer.web.uploads import created, receive_upload

blueprint = Blueprint("api", __name__, url_prefix="/api")

Answer = dict[str, Any]
PAGE = Number(default=1, least=1, most=LAST_PAGE)
IMPORTS = Number(default=50, least=1, most=100)
EVENTS = Number(default=100, least=1, most=1000)
BEFORE = Number(default=LARGEST_EVENT, least=1, most=LARGEST_EVENT)
IMPORT = "/imports/<import_id:import_id>"


@blueprint.get("/imports")
def index() -> Answer:
    """Imports, the latest first: all, or those that the address chooses."""
    number, limit = numbers(ChosenImports._fields, page=PAGE, limit=IMPORTS).values()
    said: dict[str, Any] = {name: text for name, text in request.args.items() if name in ChosenImports._fields}
    condition = ChosenImports.asked(db.session(), g.user, said).condition_of_scripts()
    found, has_next = page_of_imports(db.session(), g.user, limit=limit, number=number, condition=condition)
    following = url_for("api.index", **said, page=number + 1, limit=limit) if has_next else None
    return {"imports": [as_json(one) for one in reports(db.session(), services(), found)], "next": following}


@blueprint.post("/imports")
def create() -> tuple[Answer, int]:
    """Take a multipart form with the file; the record type is in the query, or in a field."""
    return created(*receive_upload(request.args.get("record_type")))


@blueprint.get(IMPORT)
def show(import_id: str) -> Answer:
    return _answer(_find(import_id))


@blueprint.delete(IMPORT)
def delete(import_id: str) -> tuple[str, int]:
    """Answer 204: the import is gone, or will be within seconds; its records stay."""
    imports.delete(db.session(), _find(import_id), g.user)
    return "", 204


@blueprint.get(f"{IMPORT}/events")
def events_index(import_id: str) -> Answer:
    """What happened to it, the latest first; the next page has what came before the last of these."""
    before, limit = numbers(before=BEFORE, limit=EVENTS).values()
    lines, has_next = events_of(db.session(), _find(import_id), limit=limit, before=before)
    following = None
    if has_next:
        following = url_for("api.events_index", import_id=import_id, before=lines[-1].id, limit=limit)
    return {"events": [line.as_dict() for line in lines], "next": following}


@blueprint.post(f"{IMPORT}/pause")
def pause(import_id: str) -> Answer:
    import_ = _find(import_id)
    imports.pause(db.session(), import_, g.user)
    return _answer(import_)


@blueprint.post(f"{IMPORT}/resume")
def resume(import_id: str) -> Answer:
    import_ = _find(import_id)
    imports.resume(db.session(), services(), import_, g.user)
    return _answer(import_)


@blueprint.post(f"{IMPORT}/cancel")
def cancel(import_id: str) -> Answer:
    import_ = _find(import_id)
    imports.cancel(db.session(), services(), import_, g.user)
    return _answer(import_)


@blueprint.post(f"{IMPORT}/answers")
def answer(import_id: str) -> Answer:
    """Answer some or all questions, given as `{"answers": {id: value}}` or by the other parts of options."""
    import_ = _find(import_id)
    options = options_from_text(request.get_data(as_text=True) or "null")
    answers.answer(db.session(), services(), import_, g.user, options)
    return _answer(import_)


@blueprint.post(f"{IMPORT}/retry")
def retry(import_id: str) -> Answer:
    """Retry one row, given as `{"row_number": n}` in JSON, or all failed rows."""
    import_ = _find(import_id)
    count = retries.retry(db.session(), services(), import_, g.user, _wanted_row())
    return {**_answer(import_), "retried_rows": count}


def _find(import_id: str) -> Import:
    return find_import(db.session(), g.user, import_id)


def _answer(import_: Import) -> Answer:
    return {**as_json(report(db.session(), services(), import_)), **about_the_file(db.session(), import_)}


def _wanted_row() -> int | None:
    # A body in chunks has no Content-Length: by that, asking for one row would retry all.
    if not request.get_data():
        return None
    try:
        body = request.get_json()
    except RecursionError as error:
        raise BadRequest("The JSON is nested too deeply.") from error
    if not isinstance(body, dict) or body.keys() - {"row_number"}:  # a misspelt key must not retry all
        raise BadRequest(
            'Send nothing, or {"row_number": 123}. For the rows of a group there is the rule "retry" of repairs.'
        )
    return row_number_of(body.get("row_number"))
