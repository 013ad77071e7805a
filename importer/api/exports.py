"""Files of failed rows, of results and of rows that were not imported, and corrected rows that come back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g
from werkzeug.wrappers import Response

from importer.api.imports import IMPORT
from importer.control.corrected_files import reports_on
from importer.control.reports import find_import
from importer.models import Import
from importer.web.exports import (
    ENDING,
    download_failed_rows,
    download_result,
    download_undone_rows,
    receive_corrected_rows,
)
from importer.web.extensions import db

blueprint = Blueprint("api_exports", __name__, url_prefix="/api")


@blueprint.get(f"{IMPORT}/failed-rows.{ENDING}")
def failed_rows(import_id: str, ending: str) -> Response:
    """The failed rows of `field`, `code` and `text`, or all."""
    return download_failed_rows(_find(import_id), ending)


@blueprint.get(f"{IMPORT}/result.{ENDING}")
def result(import_id: str, ending: str) -> Response:
    """What each row came to."""
    return download_result(_find(import_id), ending)


@blueprint.get(f"{IMPORT}/undone-rows.{ENDING}")
def undone_rows(import_id: str, ending: str) -> Response:
    """The rows that a cancelled or stopped import left undone, as its file has them."""
    return download_undone_rows(_find(import_id), ending)


@blueprint.post(f"{IMPORT}/corrected-rows")
def create(import_id: str) -> tuple[dict[str, Any], int]:
    """Take a multipart form with the file; its rows are taken in by a converter."""
    return receive_corrected_rows(import_id).as_dict(), 202


@blueprint.get(f"{IMPORT}/corrected-rows")
def index(import_id: str) -> dict[str, Any]:
    """The files that came back, the latest first."""
    return {"corrected_files": [found.as_dict() for found in reports_on(db.session(), _find(import_id))]}


def _find(import_id: str) -> Import:
    return find_import(db.session(), g.user, import_id)
