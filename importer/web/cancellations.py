"""Cancelling and deleting an import. Both are confirmed first."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from importer.control import imports
from importer.control.reports import find_import
from importer.web.extensions import db, services

blueprint = Blueprint("cancellations", __name__)


@blueprint.get("/imports/<import_id:import_id>/confirm/<any(cancel, delete):verb>")
def new(import_id: str, verb: str) -> str:
    """The question as a page, for browsers that run no scripts."""
    import_ = find_import(db.session(), g.user, import_id)
    return render_template("imports/confirmation.html", import_=import_, verb=verb)


@blueprint.post("/imports/<import_id:import_id>/cancel")
def create(import_id: str) -> Response:
    import_ = find_import(db.session(), g.user, import_id)
    imports.cancel(db.session(), services(), import_, g.user)
    return redirect(url_for("imports.show", import_id=import_id))


@blueprint.post("/imports/<import_id:import_id>/delete")
def delete(import_id: str) -> Response:
    import_ = find_import(db.session(), g.user, import_id)
    imports.delete(db.session(), import_, g.user)
    flash(f"The import of {import_.filename} is deleted. The records stay.")
    return redirect(url_for("imports.index"))
