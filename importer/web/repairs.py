"""Repairs: the page where a rule for many failed rows is chosen, tried and applied."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from importer.control import repairs
from importer.control.failed_values import LOOKED_AT, values_of
from importer.control.repair_answers import answers_of
from importer.control.repair_previews import preview as preview_of
from importer.control.reports import find_import, shortened
from importer.errors import RuleError
from importer.files.cells.readings import DATE_ORDERS, PERCENTS
from importer.files.fields import Field
from importer.files.repairs.rule import Rule
from importer.files.repairs.rules import WITHOUT_COLUMNS, Restore
from importer.files.repairs.sentences import in_words
from importer.files.row_numbers import LARGEST_ROW
from importer.ledger.chosen_rows import ChosenRows
from importer.ledger.repairs import count_group
from importer.models import Import
from importer.statuses import TAKES_ROWS
from importer.web.extensions import db, services
from importer.web.rule_forms import KINDS, LIKELY, OF_TEXTS, OFFERED, rule_in

blueprint = Blueprint("repairs", __name__)

REPAIR = "/imports/<import_id:import_id>/repair"
MARKS = {".": "a point: 1,234.56", ",": "a comma: 1.234,56"}
CASES = {"upper": "ALL CAPITALS", "lower": "all small letters", "title": "A Capital For Each Word"}
CENTURIES = {"": "are left as they are", "1900": "1900 to 1999", "1930": "1930 to 2029", "2000": "2000 to 2099"}
SHOWN_COLUMNS = 1000


@blueprint.get(REPAIR)
def new(import_id: str) -> str:
    import_ = _find(import_id)
    return render_template("imports/repair.html", **_page(import_, ChosenRows.told(request.args)))


@blueprint.post(f"{REPAIR}/preview")
def preview(import_id: str) -> Any:
    """A part of the preview; the page's script asks for one after the other."""
    import_, chosen = _find(import_id), ChosenRows.told(request.form)
    try:
        rule = repairs.prepared(services(), import_, chosen, rule_in(request.form))
        return render_template("imports/_repair_preview.html", **_preview(import_, chosen, rule))
    except RuleError as error:
        return render_template("imports/_repair_preview.html", refusal=error.message), 422


@blueprint.post(REPAIR)
def create(import_id: str) -> Any:
    """Apply the rule, if it is the one that was previewed; else show what it would do."""
    import_, chosen = _find(import_id), ChosenRows.told(request.form)
    try:
        rule = repairs.prepared(services(), import_, chosen, rule_in(request.form))
        if request.form.get("action") == "apply" and _was_previewed(rule):
            return _apply(import_, chosen, rule)
        shown = _preview(import_, chosen, rule)
    except RuleError as error:
        return render_template("imports/repair.html", **_page(import_, chosen), refusal=error.message), 422
    is_other = request.form.get("action") == "apply"
    return render_template("imports/repair.html", **_page(import_, chosen), **shown, is_other=is_other)


@blueprint.post(f"{REPAIR}/restore")
def restore(import_id: str) -> Any:
    """Bring discarded rows back."""
    import_, chosen = _find(import_id), ChosenRows.told(request.form)
    repairs.begin(db.session(), services(), import_, g.user, chosen, Restore())
    flash("The discarded rows are brought back.")
    return redirect(url_for("imports.show", import_id=import_.id, _anchor="live-repairs"))


@blueprint.post(f"{REPAIR}/retry")
def retry(import_id: str) -> Any:
    """Try chosen failed rows again as they are."""
    import_, chosen = _find(import_id), ChosenRows.told(request.form)
    repairs.begin_retry(db.session(), services(), import_, g.user, chosen)
    flash("The rows are tried again, one portion after the other.")
    return redirect(url_for("imports.show", import_id=import_.id, _anchor="live-repairs"))


def _find(import_id: str) -> Import:
    return find_import(db.session(), g.user, import_id)


def _was_previewed(rule: Rule) -> bool:
    return request.form.get("previewed") == _text_of(rule)


def _text_of(rule: Rule) -> str:
    return json.dumps(rule.as_json(), sort_keys=True)


def _apply(import_: Import, chosen: ChosenRows, rule: Rule) -> Any:
    remembers = "remember" in request.form
    repairs.begin(db.session(), services(), import_, g.user, chosen, rule, remembers=remembers)
    flash(f"{in_words(rule, import_.header or [])}: the rows are being repaired.")
    return redirect(url_for("imports.show", import_id=import_.id, _anchor="live-repairs"))


def _preview(import_: Import, chosen: ChosenRows, rule: Rule) -> dict[str, Any]:
    """What is shown of a part of the preview."""
    after = min(request.form.get("after", 0, type=int), LARGEST_ROW)
    return {
        "found": preview_of(db.session(), services(), import_, chosen, rule, after=max(after, 0)),
        "previewed": _text_of(rule),
        "words": in_words(rule, import_.header or []),
        "is_about_rows": rule.kind in WITHOUT_COLUMNS,
        "can_remember": bool(answers_of(services(), import_, rule)),
    }


def _page(import_: Import, chosen: ChosenRows) -> dict[str, Any]:
    """What the page shows of the rows and of the rules that make sense for them."""
    fill = repairs.fill_of(services(), import_, chosen.field)
    field = _field(import_, chosen)
    kind = field.kind if field else "text"
    offered = OFFERED.get(kind, OF_TEXTS)
    if fill is None:
        offered = tuple(name for name in offered if name != "words")
    likely = LIKELY.get(chosen.code or "")
    form = request.form
    return {
        "import_": import_,
        "chosen": chosen,
        "count": count_group(db.session().connection(), import_.sequence, chosen),
        "can_repair": import_.status in TAKES_ROWS,
        "field": field,
        "fill": fill,
        "columns": [shortened(name) for name in (import_.header or [])[:SHOWN_COLUMNS]],
        "kinds": {name: KINDS[name] for name in offered},
        "kind": form.get("kind") or (likely if likely in offered else offered[0]),
        "form": form,
        "values": values_of(db.session(), import_, chosen, fill.columns[0]) if fill and "words" in offered else [],
        "looked_at": LOOKED_AT,
        **_choices(field),
    }


def _choices(field: Field | None) -> dict[str, Any]:
    """What the controls of the rules offer."""
    has_time = field is not None and field.kind == "datetime"
    times = {"keep": "is kept"} if has_time else {"": "leaves the cell as it is", "drop": "is dropped"}
    words = {"yes": "yes", "no": "no"} if field and field.kind == "yes_no" else None
    if field and field.choices:
        words = {choice: choice for choice in field.choices}
    return {
        "orders": DATE_ORDERS,
        "marks": MARKS,
        "percents": PERCENTS,
        "cases": CASES,
        "centuries": CENTURIES,
        "times": times,
        "known_words": words,
    }


def _field(import_: Import, chosen: ChosenRows) -> Field | None:
    fields = services().record_types[import_.record_type].fields
    return next((field for field in fields if field.name == chosen.field), None)
