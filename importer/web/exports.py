"""Downloads of failed rows and of results, and the upload of corrected rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from urllib.parse import quote

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from importer.control import corrected_files, exports
from importer.control.corrected_files import CorrectedFileReport
from importer.control.reports import find_import
from importer.control.undone_rows import undone_rows_file
from importer.ledger.chosen_rows import DISCARDED, ChosenRows
from importer.models import Import
from importer.web.extensions import db, services
from importer.web.multipart import read_upload
from importer.web.uploads import allow_size

blueprint = Blueprint("exports", __name__)

IMPORT = "/imports/<import_id:import_id>"
ENDING = "<any(csv, xlsx):ending>"
NAME_CHARS = 100
UNDONE = "undone"
CHOICES = frozenset({"field", "code", "text", "discarded"})


@blueprint.get(f"{IMPORT}/failed-rows.{ENDING}")
def failed_rows(import_id: str, ending: str) -> Response:
    return download_failed_rows(_find(import_id), ending)


@blueprint.get(f"{IMPORT}/result.{ENDING}")
def result(import_id: str, ending: str) -> Response:
    return download_result(_find(import_id), ending)


@blueprint.get(f"{IMPORT}/undone-rows.{ENDING}")
def undone_rows(import_id: str, ending: str) -> Response:
    return download_undone_rows(_find(import_id), ending)


@blueprint.get(f"{IMPORT}/corrected-rows/new")
def new(import_id: str) -> str:
    return render_template(
        "imports/corrected_rows.html", import_=_find(import_id), limit=services().settings.max_upload_bytes
    )


@blueprint.post(f"{IMPORT}/corrected-rows")
def create(import_id: str) -> Response:
    receive_corrected_rows(import_id)
    flash("The corrected rows have arrived. What comes of them is told under “Corrected files”.")
    return redirect(url_for("imports.show", import_id=import_id, _anchor="corrected-files"), 303)


def download_failed_rows(import_: Import, ending: str) -> Response:
    """The failed rows that the address chooses.

    Raises:
        BadRequest: the address has a parameter that there is not: a misspelt one must not give all rows.
    """
    unknown = set(request.args) - CHOICES
    if unknown:
        raise BadRequest(f"There is no parameter {min(unknown)!r} here. There are: {', '.join(sorted(CHOICES))}.")
    if request.args.get("discarded", DISCARDED) != DISCARDED:
        raise BadRequest(f"The parameter discarded may be {DISCARDED}, or be left out.")
    chosen = ChosenRows.told(request.args)
    db.session.commit()  # none may stay open while the file leaves
    return _file(import_, "failed-rows", ending, exports.failed_rows_file(services(), import_, chosen, ending))


def download_result(import_: Import, ending: str) -> Response:
    """What each row came to, or those alone that came to nothing (`outcome=undone`).

    Raises:
        BadRequest: the address says something else.
    """
    outcome = request.args.get("outcome")
    if outcome not in (None, UNDONE) or set(request.args) - {"outcome"}:
        raise BadRequest(f"The parameter outcome may be “{UNDONE}”, or be left out. There is no other here.")
    only_undone = outcome == UNDONE
    pieces = exports.result_file(db.session(), services(), import_, ending, only_undone=only_undone)
    return _file(import_, "undone-numbers" if only_undone else "result", ending, pieces)


def download_undone_rows(import_: Import, ending: str) -> Response:
    """The rows that a cancelled or stopped import left undone, as its file has them.

    Raises:
        NotKeptError, StorageError: they cannot be read.
        BadRequest: the address has a parameter.
    """
    if request.args:
        raise BadRequest("There is no parameter here: all rows that were not imported are in this file.")
    pieces = undone_rows_file(db.session(), services(), import_, ending)
    return _file(import_, "not-imported", ending, pieces)


def receive_corrected_rows(import_id: str) -> CorrectedFileReport:
    """Read the request's file for an import.

    Raises:
        RefusedTransitionError, RefusedFileError, UploadError, BusyError, StorageError: why it is not taken.
    """
    import_ = _find(import_id)
    allow_size(services().settings.max_upload_bytes)
    db.session.commit()
    upload = read_upload(request.stream, request.content_type or "")
    return corrected_files.receive(db.session(), services(), import_, g.user, upload.filename, upload.chunks)


def _find(import_id: str) -> Import:
    return find_import(db.session(), g.user, import_id)


def _file(import_: Import, what: str, ending: str, pieces: Iterator[bytes]) -> Response:
    """The answer. Its first piece is made before it begins, so that an error is told as one."""
    first = next(pieces)
    answer = Response(chain([first], pieces), mimetype=exports.FORMATS[ending].media_type)
    stem = import_.filename.rpartition(".")[0] or import_.filename
    answer.headers["Content-Disposition"] = _attachment(f"{stem[:NAME_CHARS]}-{what}.{ending}")
    return answer


def _attachment(name: str) -> str:
    """The header that names a file: in ASCII, and in full (https://www.rfc-editor.org/rfc/rfc6266#section-4.3)."""
    plain = "".join(letter if letter.isalnum() or letter in " -_." else "_" for letter in name)
    ascii_only = plain.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{ascii_only}\"; filename*=UTF-8''{quote(name, safe='')}"
