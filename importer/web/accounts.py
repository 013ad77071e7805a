"""The account of whoever is logged in."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from importer.control import accounts
from importer.errors import AccountError
from importer.web.auth import log_in
from importer.web.extensions import db

blueprint = Blueprint("accounts", __name__, url_prefix="/account")


@blueprint.get("")
def show() -> str:
    return render_template("accounts/show.html", minimum=accounts.MIN_PASSWORD, error=None)


@blueprint.post("/password")
def change_password() -> Response | tuple[str, int]:
    new, again = request.form.get("new", ""), request.form.get("again", "")
    try:
        if new != again:
            raise AccountError("The two new passwords differ.")
        accounts.change_password(db.session(), g.user, current=request.form.get("current", ""), new=new)
    except AccountError as error:
        page = render_template("accounts/show.html", minimum=accounts.MIN_PASSWORD, error=error.message)
        return page, 422
    log_in(g.user)
    flash("Your password is changed, and every other session of yours has ended.")
    return redirect(url_for("accounts.show"))
