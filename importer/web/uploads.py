"""Uploads: a file on its way to S3, passed on as it arrives and never kept here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from importer.control.notifications import notify_from_text
from importer.control.options import Options, options_from_text
from importer.control.reports import about_the_file, report
from importer.control.uploads import begin_upload, receive, receive_again
from importer.errors import FileTooLargeError
from importer.models import Import
from importer.web.auth import wants_json
from importer.web.extensions import db, services
from importer.web.imports import as_json
from importer.web.multipart import Upload, read_upload

blueprint = Blueprint("uploads", __name__)

FORM_BYTES = 1024 * 1024
"""Bytes that a form may have besides its file."""

MAX_KEY_CHARS = 100


@blueprint.post("/imports")
def create() -> tuple[dict[str, Any], int] | Response:
    """The upload page's file; the page's script says the record type in the query, a form in a field.

    The script gets JSON; a browser that has none is led to the import's page.
    """
    import_, made = receive_upload(request.args.get("record_type"))
    if not wants_json():
        return redirect(url_for("imports.show", import_id=import_.id), 303)
    return created(import_, made)


def receive_upload(record_type: str | None) -> tuple[Import, bool]:
    """Read the request's file into a new import, unless its idempotency key was used before.

    Args:
        record_type: if None, a field of the form says it. Where that stands behind the file, the file's header
            can be checked only once the file is here.

    Returns:
        The import, and whether this request made it.

    Raises:
        RefusedFileError, UploadError, BusyError, UnknownRecordTypeError, KeyReusedError, StorageError: why there
            is no import.
        OptionsError: the field `options` is no JSON, or says something else.
        BadRequest: the idempotency key is too long, or `ask` is unknown.
    """
    key, ask = _idempotency_key(), _ask()
    allow_size(services().settings.max_upload_bytes)
    if record_type is not None:
        services().record_types.require(record_type)
    # Finding the user has begun a transaction; none may stay open while the file arrives.
    db.session.commit()
    upload = read_upload(request.stream, request.content_type or "")
    form = _Form(upload, record_type, ask)
    import_, made = begin_upload(
        db.session(),
        services(),
        g.user,
        record_type=form.record_type(),
        filename=upload.filename,
        idempotency_key=key,
    )
    if made:
        receive(db.session(), services(), import_, upload.chunks, form.record_type, form.options)
    else:
        receive_again(db.session(), import_, upload.chunks, form.record_type)
    return import_, made


class _Form(NamedTuple):
    """What the request has said of its file so far: fields behind the file come last.

    Attributes:
        in_address: the record type, where the address says it.
        ask: what the address says of questions.
    """

    upload: Upload
    in_address: str | None
    ask: str | None

    def record_type(self) -> str | None:
        return self.upload.fields.get("record_type") if self.in_address is None else self.in_address

    def options(self) -> Options:
        return replace(
            options_from_text(self.upload.fields.get("options", "{}")),
            may_wait=self.ask != "never",
            asks_about_repeat=self.ask == "repeats",
            notify=notify_from_text(self.upload.fields.get("notify")),
        )


def created(import_: Import, made: bool) -> tuple[dict[str, Any], int]:
    """The import as JSON: 201 where this request made it, 200 where an earlier one did."""
    answer = {**as_json(report(db.session(), services(), import_)), **about_the_file(db.session(), import_)}
    return answer, 201 if made else 200


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and len(key) > MAX_KEY_CHARS:
        raise BadRequest(f"The Idempotency-Key is longer than {MAX_KEY_CHARS} characters.")
    return key or None


def _ask() -> str | None:
    """What `ask` in the address says: `never`, the import waits for no answer; `repeats`, it waits also where the
    same file was imported before, as uploads of the page do."""
    ask = request.args.get("ask")
    if ask not in (None, "never", "repeats"):
        raise BadRequest("The parameter ask may be “never” or “repeats”, or be left out.")
    return ask


def allow_size(limit: int) -> None:
    """Let the request's body be as large as its file may be, and refuse one that says it is larger."""
    if (request.content_length or 0) > limit + FORM_BYTES:
        raise FileTooLargeError(limit)
    request.max_content_length = limit + FORM_BYTES
