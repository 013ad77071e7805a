"""The account of whoever is logged in."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from importer.control import accounts
from importer.errors import AccountError
from importer.web.auth import log_in
from importer.web.extensions import db, services
from importer.web.throttle import TOO_MANY_TRIES, PasswordThrottle

blueprint = Blueprint("accounts", __name__, url_prefix="/account")


@blueprint.get("")
def show() -> str:
    return _page()


@blueprint.post("/password")
def change_password() -> Response | tuple[str, int]:
    new, again = request.form.get("new", ""), request.form.get("again", "")
    if new != again:
        return _page("The two new passwords differ."), 422
    throttle = PasswordThrottle(services().redis, request.remote_addr or "", g.user.email)
    if not throttle.admits():
        return _page(TOO_MANY_TRIES), 429
    try:
        accounts.change_password(db.session(), g.user, current=request.form.get("current", ""), new=new)
    except AccountError as error:
        return _page(error.message), 422
    throttle.forget()
    log_in(g.user)
    flash("Your password is changed, and every other session of yours has ended.")
    return redirect(url_for("accounts.show"))


def _page(error: str | None = None) -> str:
    return render_template("accounts/show.html", minimum=accounts.MIN_PASSWORD, error=error)
