"""Named layouts, as JSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, url_for

from importer.api.queries import Number, numbers
from importer.control import layouts
from importer.web.extensions import db
from importer.web.imports import LAST_PAGE

blueprint = Blueprint("api_layouts", __name__, url_prefix="/api")

PAGE = Number(default=1, least=1, most=LAST_PAGE)
LIMIT = Number(default=50, least=1, most=50)
LAYOUT = "/layouts/<path:name>"


@blueprint.get("/layouts")
def index() -> dict[str, Any]:
    number, limit = numbers(page=PAGE, limit=LIMIT).values()
    found, has_next = layouts.page_of_layouts(db.session(), limit=limit, number=number)
    following = url_for("api_layouts.index", page=number + 1, limit=limit) if has_next else None
    return {"layouts": [layout._asdict() for layout in found], "next": following}


@blueprint.get(LAYOUT)
def show(name: str) -> dict[str, Any]:
    """One layout, with its whole header and all answers."""
    layout = layouts.require(db.session(), name).as_json()
    return {part: value for part, value in layout.items() if part != "digest"}


@blueprint.delete(LAYOUT)
def delete(name: str) -> tuple[str, int]:
    """Answer 204: nobody finds it any more; imports that are read by it go on."""
    layouts.remove(db.session(), name, g.user)
    return "", 204
