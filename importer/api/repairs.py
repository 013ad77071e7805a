"""Repairs of failed rows by a rule, as JSON."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Blueprint, g, request
from werkzeug.exceptions import BadRequest

from importer.control import repairs
from importer.control.repair_previews import preview as preview_of
from importer.control.reports import find_import
from importer.files.repairs.rule import Rule
from importer.files.row_numbers import LARGEST_ROW
from importer.ledger.chosen_rows import ChosenRows
from importer.models import Import
from importer.web.extensions import db, services

blueprint = Blueprint("api_repairs", __name__, url_prefix="/api")

Answer = dict[str, Any]
REPAIRS = "/imports/<import_id:import_id>/repairs"
SHAPE = 'Send {"field": "balance", "code": "other_decimal_mark", "rule": {"kind": "decimal_mark", "mark": "."}}'
MEANT = ("field", "code", "text")


class Wanted(NamedTuple):
    """What a request says."""

    import_: Import
    chosen: ChosenRows
    rule: Rule
    body: dict[str, Any]


@blueprint.get(REPAIRS)
def index(import_id: str) -> Answer:
    import_ = find_import(db.session(), g.user, import_id)
    return {"repairs": [report.as_dict() for report in repairs.repairs_of(db.session(), import_)]}


@blueprint.post(f"{REPAIRS}/preview")
def preview(import_id: str) -> Answer:
    """What a rule would do with the chosen rows behind `after`, for about a second."""
    wanted = _wanted(import_id, "after")
    after = wanted.body.get("after") or 0
    if type(after) is not int or not 0 <= after <= LARGEST_ROW:
        raise BadRequest('"after" must be a row number, or 0.')
    return preview_of(db.session(), services(), wanted.import_, wanted.chosen, wanted.rule, after=after).as_dict()


@blueprint.post(REPAIRS)
def create(import_id: str) -> tuple[Answer, int]:
    """Let a rule change the chosen rows and have them tried again."""
    wanted = _wanted(import_id, "remember")
    remembers = wanted.body.get("remember", False)
    if not isinstance(remembers, bool):
        raise BadRequest('"remember" must be true or false.')
    repair = repairs.begin(
        db.session(), services(), wanted.import_, g.user, wanted.chosen, wanted.rule, remembers=remembers
    )
    return repairs.begun(wanted.import_, repair, g.user).as_dict(), 201


def _wanted(import_id: str, *more: str) -> Wanted:
    import_ = find_import(db.session(), g.user, import_id)
    body = _body()
    known = (*MEANT, "rule", *more)
    texts = all(isinstance(body.get(name), str | None) for name in MEANT)
    if "rule" not in body or body.keys() - set(known) or not texts:
        raise BadRequest(f"{SHAPE}, and perhaps {', '.join(name for name in known if name != 'rule')}.")
    chosen = ChosenRows.told(body)
    return Wanted(import_, chosen, repairs.prepared(services(), import_, chosen, body["rule"]), body)


def _body() -> dict[str, Any]:
    try:
        body = request.get_json()
    except RecursionError as error:
        raise BadRequest("The JSON is nested too deeply.") from error
    if not isinstance(body, dict):
        raise BadRequest(f"{SHAPE}.")
    return body
