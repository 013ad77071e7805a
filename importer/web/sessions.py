"""Sessions: logging in, by password or one-time link, and logging out."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response

from importer.control import accounts, links
from importer.errors import AccountError
from importer.models import MAX_EMAIL
from importer.web.auth import local_path, log_in, user_of_session
from importer.web.extensions import db, services
from importer.web.throttle import TOO_MANY_TRIES, PasswordThrottle

blueprint = Blueprint("sessions", __name__)

WRONG_PASSWORD = "That e-mail address and password do not fit together."


@blueprint.get("/login")
def new() -> Response | str:
    if user_of_session() is not None:
        return redirect(_next_page())
    return _form()


@blueprint.post("/login")
def create() -> Response | tuple[str, int]:
    email, password = request.form.get("email", ""), request.form.get("password", "")
    throttle = PasswordThrottle(services().redis, request.remote_addr or "", email)
    if not throttle.admits():
        return _form(email, TOO_MANY_TRIES), 429
    # Postgres cannot hold a NUL, so nobody has such an address.
    user = accounts.check_password(db.session(), email, password) if "\0" not in email else None
    if user is None:
        return _form(email, WRONG_PASSWORD), 401
    throttle.forget()
    log_in(user)
    return redirect(_next_page())


@blueprint.get("/login-link/<secret>")
def use_link(secret: str) -> Response | tuple[str, int]:
    if request.method == "HEAD":
        # Mail programs try links this way, which must not use up the link.
        raise MethodNotAllowed(["GET"])
    try:
        user = links.use_login_link(db.session(), secret)
    except AccountError as error:
        return _form(error=error.message), 401
    log_in(user)
    return redirect(url_for("imports.index"))


@blueprint.post("/logout")
def destroy() -> Response:
    accounts.end_sessions(db.session(), g.user)
    session.clear()
    flash("You are logged out, in every browser.")
    return redirect(url_for("sessions.new"))


def _form(email: str = "", error: str | None = None) -> str:
    shown = email[:MAX_EMAIL]
    return render_template("sessions/new.html", email=shown, error=error, next=local_path(_wanted_page()))


def _next_page() -> str:
    return local_path(_wanted_page()) or url_for("imports.index")


def _wanted_page() -> str:
    return request.values.get("next", "")
