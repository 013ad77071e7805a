"""Record types, as far as somebody who makes a file needs to know them."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from importer.files.templates import header_line
from importer.web.extensions import services

blueprint = Blueprint("record_types", __name__)


@blueprint.get("/record-types/<name>.csv")
def template(name: str) -> Response:
    """An empty file with the header that the record type expects."""
    if name not in services().record_types:
        raise NotFound("There is no such record type.")
    return Response(
        header_line(field.name for field in services().record_types[name].fields),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}-template.csv"'},
    )
