"""Pausing an import, and resuming it."""

from __future__ import annotations

from flask import Blueprint, g, redirect, url_for
from werkzeug.wrappers import Response

from importer.control import imports
from importer.control.reports import find_import
from importer.web.extensions import db, services

blueprint = Blueprint("pauses", __name__)


@blueprint.post("/imports/<import_id:import_id>/pause")
def create(import_id: str) -> Response:
    import_ = find_import(db.session(), g.user, import_id)
    imports.pause(db.session(), import_, g.user)
    return redirect(url_for("imports.show", import_id=import_id))


@blueprint.post("/imports/<import_id:import_id>/resume")
def destroy(import_id: str) -> Response:
    import_ = find_import(db.session(), g.user, import_id)
    imports.resume(db.session(), services(), import_, g.user)
    return redirect(url_for("imports.show", import_id=import_id))
