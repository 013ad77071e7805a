"""First looks: what a file's first bytes say of it, before all of it is sent."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from importer.control.first_look import FIRST_BYTES, FirstLook, look
from importer.files.conversion.sources import CONVERTED
from importer.web.extensions import db, services
from importer.web.formats import reading, visible

blueprint = Blueprint("first_looks", __name__)

BODY_TYPE = "application/octet-stream"
SIZE_DIGITS = 15


@blueprint.post("/imports/first-look")
def create() -> dict[str, Any]:
    """Say what a file is by the first 256 KB of it, which are the body of the request; nothing is stored.

    The address may have `record_type`, the one that a person has chosen, and has `size`, the bytes of the whole
    file.

    Raises:
        BadRequest: the size is none, or smaller than the body.
        RequestEntityTooLarge: the body is longer.
        UnsupportedMediaType: the body is a form, or something else that is no plain bytes.
        UnknownRecordTypeError: there is no such record type.
    """
    if request.mimetype != BODY_TYPE:
        raise UnsupportedMediaType(f"Send the first bytes of the file as {BODY_TYPE}.")
    head = request.get_data()  # bounded as any form is, for whoever looked for a token has begun to read it
    if len(head) > FIRST_BYTES:
        raise RequestEntityTooLarge(f"Send the first {FIRST_BYTES:,} bytes of the file, and no more.")
    wanted = request.args.get("record_type") or None
    return as_json(look(db.session(), services(), head, _size(len(head)), wanted, g.user.id))


def _size(least: int) -> int:
    given = request.args.get("size", "")
    is_number = given.isascii() and given.isdigit() and len(given) <= SIZE_DIGITS
    if not is_number or int(given) < least:
        raise BadRequest("size must be the number of bytes of the whole file.")
    return int(given)


def as_json(found: FirstLook) -> dict[str, Any]:
    """What the upload page's script shows; no character of it is invisible."""
    return {
        "reads_as": in_words(found),
        "refused": {"code": found.refused.code, "message": found.refused.message} if found.refused else None,
        "types": [fit._asdict() for fit in found.fits],
        "best": found.best,
        "record_type": found.record_type,
        "columns": [{"name": visible(column.name), "field": column.field} for column in found.columns],
        "ignored": [visible(name) for name in found.ignored],
        "questions": [{"id": question.id, "text": visible(question.text)} for question in found.questions],
        "layouts": found.layouts,
    }


def in_words(found: FirstLook) -> str | None:
    """What a file is read as; None where it cannot be read."""
    return reading(found.profile) if found.profile is not None else CONVERTED.get(found.kind)
