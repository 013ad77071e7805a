"""The gate: nobody gets past it without logging in, and no other site can change anything in a person's name.

Every route is closed unless it is named in `OPEN`, so that a new one is closed from the start.
"""

from __future__ import annotations

import time
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask_wtf.csrf import CSRFError, validate_csrf
from werkzeug.exceptions import Forbidden, Unauthorized
from werkzeug.wrappers import Response
from wtforms import ValidationError

from importer.control import accounts, tokens
from importer.models import Scope, User
from importer.web.addresses import LONGEST_ADDRESS, short_address
from importer.web.extensions import csrf, db

OPEN = frozenset(
    {
        "static",
        "sessions.new",
        "sessions.create",
        "sessions.use_link",
        "passwords.new",
        "passwords.create",
        "health.alive",
        "health.ready",
    }
)
ADMINS_ONLY = frozenset({"rq_dashboard", "people"})
"""Blueprints that only admins may see."""

STREAMED = frozenset({"uploads.create", "api.create", "exports.create", "api_exports.create"})
"""Routes that take a file as their body. Nothing may parse it to find a CSRF token: the token is in a header."""

TOKEN_IN_ADDRESS = frozenset({"uploads.create", "exports.create"})
"""Of these, those that a form without a script sends: it can set no header, so its address has the token."""

ASK_AGAIN = frozenset({"imports.live"})
"""Routes that scripts of pages ask every second: who asks is looked up once in a second."""

KNOWN_SECONDS = 1.0
MOST_KNOWN = 1000

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

READ_ONLY = "This token may only read. Send one that may write; it is made on the page of your account."


Known = dict[tuple[int | None, int | None], tuple[float, User | None]]
"""By user and version of the session: when they were looked up, and who they are; None: nobody who may see it."""


class Person(NamedTuple):
    """Who is logged in, for pages; it can be read even when the database has gone away since."""

    email: str
    is_admin: bool


def register(app: Flask) -> None:
    app.extensions["importer_known"] = {}
    app.before_request(admit)
    app.before_request(check_csrf)


def admit() -> Response | None:
    """Find out who is asking, and turn strangers away."""
    g.user = g.person = None
    g.by_token = False
    if request.endpoint in OPEN:
        return None
    g.user = _user_of_token() if wants_token() else _user_of_page()
    if g.user is None:
        return _turn_away()
    g.person = Person(g.user.email, g.user.is_admin)
    accounts.note_use(db.session(), g.user)
    if request.blueprint in ADMINS_ONLY and not g.user.is_admin:
        raise Forbidden("Only an admin may see this.")
    return None


def is_api() -> bool:
    return request.path == "/api" or request.path.startswith("/api/")


def wants_json() -> bool:
    """Whether a script asks: it gets JSON, not a page."""
    return is_api() or request.accept_mimetypes.best == "application/json"


def wants_token() -> bool:
    """Whether the request brings a token of its own. Pages take none: they are for people."""
    return is_api() and "Authorization" in request.headers


def _user_of_page() -> User | None:
    """The person whose browser this is; on pages that ask again and again, as they were a second ago at most."""
    if request.endpoint not in ASK_AGAIN:
        return user_of_session()
    key = (session.get("user_id"), session.get("session_version"))
    known: Known = current_app.extensions["importer_known"]
    looked_up, user = known.get(key, (float("-inf"), None))
    if time.monotonic() - looked_up <= KNOWN_SECONDS:
        return user
    if len(known) >= MOST_KNOWN:
        known.clear()
    moment, user = time.monotonic(), user_of_session()
    known[key] = moment, user
    return user


def user_of_session() -> User | None:
    """The person whose browser this is, if they are still logged in."""
    user_id = session.get("user_id")
    user = db.session.get(User, user_id) if user_id is not None else None
    if user is None or user.disabled_at or user.session_version != session.get("session_version"):
        return None
    return user


def _user_of_token() -> User | None:
    """The person whose script sends the token.

    Raises:
        Forbidden: the token may only read, and the request changes something.
    """
    sent = request.authorization
    token = tokens.find_token(db.session(), sent.token) if sent and sent.type == "bearer" and sent.token else None
    if token is None:
        return None
    g.by_token = True
    if token.scope == Scope.READ and request.method not in SAFE_METHODS:
        raise Forbidden(READ_ONLY)
    return token.user


def _turn_away() -> Response:
    if wants_json() or request.method not in SAFE_METHODS:
        raise Unauthorized()
    wanted = request.full_path.rstrip("?")
    kept = short_address("sessions.new", next=wanted if wanted != "/" else None)
    return redirect(kept or url_for("sessions.new"))


def log_in(user: User) -> None:
    """Begin a new session; nothing of the one before survives, not even its CSRF token."""
    session.clear()
    session["user_id"] = user.id
    session["session_version"] = user.session_version
    session.permanent = True


def local_path(url: str) -> str | None:
    """A path of this application, or None where following it would lead to another one."""
    if len(url) > LONGEST_ADDRESS or not url.isprintable():
        return None  # a redirect to it would fail: a header cannot hold a line break
    try:
        parts = urlsplit(url.replace("\\", "/"))
    except ValueError:  # a bracket that looks like a broken IPv6 address
        return None
    if parts.scheme or parts.netloc or not url.startswith("/") or url.startswith(("//", "/\\")):
        return None
    return url


def check_csrf() -> None:
    """Ask every change that a browser sends for the page's token; a script with a token needs none.

    Raises:
        CSRFError: there is none, or it belongs to another session.
    """
    if request.method in SAFE_METHODS or g.by_token or request.endpoint is None:
        return
    if request.endpoint not in STREAMED:
        csrf.protect()
        return
    try:
        validate_csrf(_streamed_token())
    except ValidationError as error:
        raise CSRFError(error.args[0]) from error


def _streamed_token() -> str | None:
    token = request.headers.get("X-CSRFToken")
    if token is None and request.endpoint in TOKEN_IN_ADDRESS:
        return request.args.get("csrf_token")
    return token
