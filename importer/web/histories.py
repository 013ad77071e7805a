"""The history of an import, as a page of its own; the import's page has its latest lines."""

from __future__ import annotations

from flask import Blueprint, g, render_template

from importer.control.reports import find_import
from importer.lifecycle.events import MOST_EVENTS, events_of
from importer.web.extensions import db

blueprint = Blueprint("histories", __name__)

LATEST = 12
"""Lines on the import's page."""


@blueprint.get("/imports/<import_id:import_id>/history")
def show(import_id: str) -> str:
    import_ = find_import(db.session(), g.user, import_id)
    lines, _ = events_of(db.session(), import_, limit=2 * MOST_EVENTS)
    return render_template("imports/history.html", import_=import_, history=lines, has_more=False)
