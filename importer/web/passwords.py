"""Passwords set by a one-time link: how a person comes in for the first time, or again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from importer.control import accounts, links
from importer.errors import AccountError
from importer.models import Purpose
from importer.web.auth import log_in
from importer.web.extensions import db

blueprint = Blueprint("passwords", __name__)

ADDRESS = "/password-link/<secret>"


@blueprint.get(ADDRESS)
def new(secret: str) -> str | tuple[str, int]:
    """The form; looking at it uses up nothing."""
    try:
        return _form(secret)
    except AccountError as error:
        return _refusal(error)


@blueprint.post(ADDRESS)
def create(secret: str) -> Response | str | tuple[str, int]:
    password, again = request.form.get("new", ""), request.form.get("again", "")
    try:
        if password != again:
            return _form(secret, "The two passwords differ."), 422
        if len(password) < accounts.MIN_PASSWORD:
            return _form(secret, f"The password must have at least {accounts.MIN_PASSWORD} characters."), 422
        user = links.use_password_link(db.session(), secret, password)
    except AccountError as error:
        return _refusal(error)
    log_in(user)
    flash("Your password is set, and you are logged in.")
    return redirect(url_for("imports.index"))


def _form(secret: str, error: str | None = None) -> str:
    link = links.find_link(db.session(), secret, Purpose.PASSWORD)
    return render_template(
        "passwords/new.html", secret=secret, email=link.user.email, minimum=accounts.MIN_PASSWORD, error=error
    )


def _refusal(error: AccountError) -> tuple[str, int]:
    return render_template("passwords/refused.html", message=error.message), 410
