"""Deleting several imports of the list; a selection is confirmed first."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from importer.control.chosen_imports import ChosenImports
from importer.control.deletions import clear_not_taken, delete_selected, selected
from importer.models import Import
from importer.web.extensions import db
from importer.web.formats import visible

blueprint = Blueprint("deletions", __name__)

MAX_SELECTED = 100
"""More than a page of the list has."""

NAMED = 5
"""Imports that a message names."""


@blueprint.get("/imports/deletion")
def new() -> str | Response:
    """Ask whether the imports of a selection are to be deleted."""
    selection = selected(db.session(), g.user, request.args.getlist("id")[:MAX_SELECTED])
    address = ChosenImports.told(request.args).as_address()
    if not selection.deletable:
        flash(_at_work(selection.at_work) or "No import is selected.")
        return redirect(url_for("imports.index", **address))
    return render_template("imports/deletion.html", **selection._asdict(), address=address)


@blueprint.post("/imports/deletion")
def create() -> Response:
    deleted, at_work = delete_selected(db.session(), g.user, request.form.getlist("id")[:MAX_SELECTED])
    flash(" ".join(filter(None, [_deleted(len(deleted)), _at_work(at_work)])))
    return redirect(url_for("imports.index", **ChosenImports.told(request.form).as_address()))


@blueprint.post("/imports/refused/deletion")
def create_of_refused() -> Response:
    """Delete the refused files that the list shows, as it is narrowed."""
    chosen = ChosenImports.told(request.args)
    latest = request.form.get("latest", 0, type=int)
    count = clear_not_taken(db.session(), g.user, chosen, min(max(latest, 0), 2**63 - 1))
    flash(f"{count:,} refused {'file is' if count == 1 else 'files are'} gone from the list.")
    return redirect(url_for("imports.index", **chosen._replace(show="").as_address()))


def _deleted(count: int) -> str:
    return f"{count:,} {'import is' if count == 1 else 'imports are'} deleted. The records stay."


def _at_work(imports: Sequence[Import]) -> str:
    if not imports:
        return ""
    names = ", ".join(f"“{visible(one.filename, 80)}”" for one in imports[:NAMED])
    more = f" and {len(imports) - NAMED:,} more" if len(imports) > NAMED else ""
    return f"Not deleted, because still at work: {names}{more}. Cancel first what is to be deleted."
