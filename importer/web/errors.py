"""Every error that a request may end with, as a page or, for scripts, as JSON."""

from __future__ import annotations

import logging
import re
from typing import Any

from flask import Flask, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from gunicorn.http.errors import ParseException
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from importer import errors
from importer.health.causes import cause_of, in_words
from importer.ledger.planning import TooSlowError
from importer.web.auth import is_api, wants_json

log = logging.getLogger(__name__)

STATUSES: dict[type[errors.ImporterError], int] = {
    errors.UnknownImportError: 404,
    errors.UnknownRecordTypeError: 422,
    errors.RefusedFileError: 422,
    errors.FileTooLargeError: 413,
    errors.LayoutExistsError: 409,
    errors.MissingLayoutError: 404,
    errors.ForeignLayoutError: 403,
    errors.RefusedTransitionError: 409,
    errors.NotKeptError: 409,
    errors.UnknownRowError: 404,
    errors.UnknownRecordError: 404,
    errors.NoRecordsError: 409,
    errors.RefusedKeyError: 422,
    errors.OutdatedRowError: 409,
    errors.RefusedCellError: 422,
    TooSlowError: 422,
    errors.AccountError: 422,
    errors.OptionsError: 400,
    errors.FilterError: 400,
    errors.RuleError: 422,
    errors.UploadError: 400,
    errors.BusyError: 503,
    errors.KeyReusedError: 409,
    errors.StorageError: 503,
}
"""HTTP statuses; an error that is not here is a fault of the product (500)."""

MESSAGES = {
    401: "Log in first, or send an API token that is still valid.",
    404: "There is nothing here. It may have been deleted, or it is not yours.",
    405: "This address does not take that kind of request.",
    413: "That is more than this address takes.",
    415: "The request's body is of a kind that cannot be read here.",
    500: "Something went wrong on our side. It is in the log; try again, or tell an admin.",
}
"""What people read where Werkzeug's own words would not help them."""

HEADINGS = {
    403: "Not allowed",
    404: "Not found",
    413: "Too large",
    429: "Too often",
    500: "Our fault",
    503: "Not available just now",
}
"""What a page says of an error first, by its status."""

OTHERWISE = "That did not work"

RETRY_SECONDS = "30"

OLD_PAGE = "This page is too old, or you have logged in again since. Reload it and try again."
MALFORMED_BODY = "The request's body is malformed: its chunks do not fit together."
TRY_AGAIN = "Try again then."


def register(app: Flask) -> None:
    app.register_error_handler(errors.ImporterError, on_importer_error)
    app.register_error_handler(CSRFError, on_csrf_error)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(ParseException, on_malformed_body)
    for away in (DBAPIError, PoolTimeoutError, RedisError):
        app.register_error_handler(away, on_server_error)
    app.register_error_handler(Exception, on_unexpected_error)


def on_importer_error(error: errors.ImporterError) -> Response:
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), None)
    if status is None:
        return on_unexpected_error(error)
    code = getattr(error, "code", None) or _code(type(error).__name__.removesuffix("Error"))
    response = answer(status, code, error.message, **_more(error))
    if isinstance(error, errors.BusyError):
        response.headers["Retry-After"] = RETRY_SECONDS
    return response


def on_csrf_error(error: CSRFError) -> Response:
    return answer(400, "csrf", OLD_PAGE)


def on_http_error(error: HTTPException) -> Response:
    assert error.code is not None  # Flask answers redirects and the like itself
    description = error.description if _is_ours(error) else None
    response = answer(error.code, _code(error.name), description or MESSAGES.get(error.code) or error.name)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    if error.code == 401 and is_api():
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def on_malformed_body(error: ParseException) -> Response:
    """Gunicorn raises this while the application reads the body: it parses chunks only then."""
    return answer(400, "bad_request", MALFORMED_BODY)


def on_server_error(error: Exception) -> Response:
    """Postgres or Redis is away, or is not as it must be; another error of theirs is a fault of the product."""
    cause = cause_of(error)
    if cause is None:
        return on_unexpected_error(error)
    log.warning(in_words(error))
    code = "redis_away" if isinstance(error, RedisError) else "database_away"
    return answer(503, code, f"{cause} {TRY_AGAIN}")


def on_unexpected_error(error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return answer(500, "internal", MESSAGES[500])


def _more(error: errors.ImporterError) -> dict[str, Any]:
    """What an error names besides, as data: questions, or the column whose cell is refused."""
    if isinstance(error, errors.RefusedCellError):
        return {"column": None if error.place is None else error.place + 1}
    if not isinstance(error, errors.QuestionsError | errors.UnknownAnswersError):
        return {}
    return {"questions": [question.as_json() for question in error.questions]}


def answer(status: int, code: str, message: str, **more: Any) -> Response:
    """The error as whoever asked can read it: JSON for scripts, with more in it, a page for people."""
    if wants_json():
        response = jsonify(error={"code": code, "message": message, **more})
    else:
        heading = HEADINGS.get(status, OTHERWISE)
        response = make_response(render_template("error.html", status=status, heading=heading, message=message))
    response.status_code = status
    return response


def _is_ours(error: HTTPException) -> bool:
    return error.description is not None and error.description != type(error).description


def _code(name: str) -> str:
    """`NotFound` and `Not Found` as `not_found`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[\s-]+", "_", name).lower()
