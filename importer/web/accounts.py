"""The account of whoever is logged in."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from importer.control import accounts, tokens
from importer.control.notifications import CHOICES, SAVED, choose_mails, notify_from_text, sends_mails
from importer.errors import AccountError
from importer.web.auth import log_in
from importer.web.extensions import db, services
from importer.web.throttle import TOO_MANY_TRIES, PasswordThrottle

blueprint = Blueprint("accounts", __name__, url_prefix="/account")

EXPIRIES: dict[str, tuple[str, int | None]] = {
    "30": ("in 30 days", 30),
    "90": ("in 90 days", 90),
    "365": ("in a year", 365),
    "never": ("never", None),
}
"""When a token may end: value in the form, words, days."""


@blueprint.get("")
def show() -> str:
    return account_page()


@blueprint.post("/password")
def change_password() -> Response | tuple[str, int]:
    new, again = request.form.get("new", ""), request.form.get("again", "")
    if new != again:
        return account_page(error="The two new passwords differ."), 422
    throttle = PasswordThrottle(services().redis, request.remote_addr or "", g.user.email)
    if not throttle.admits():
        return account_page(error=TOO_MANY_TRIES), 429
    try:
        accounts.change_password(db.session(), g.user, current=request.form.get("current", ""), new=new)
    except AccountError as error:
        return account_page(error=error.message), 422
    throttle.forget()
    log_in(g.user)
    flash("Your password is changed, and every other session of yours has ended.")
    return redirect(url_for("accounts.show"))


@blueprint.post("/notify")
def change_notify() -> Response:
    """Choose when one is written to about one's own imports."""
    chosen = notify_from_text(request.form.get("notify"))
    if chosen is not None:
        choose_mails(db.session(), g.user, chosen)
        flash(SAVED[chosen])
    return redirect(url_for("accounts.show"), 303)


def account_page(
    *,
    error: str | None = None,
    token_error: str | None = None,
    token_name: str = "",
    secret: str | None = None,
    secret_name: str | None = None,
) -> str:
    """The page.

    Args:
        error: why the password was not changed.
        token_error, token_name: why there is no token of that name.
        secret, secret_name: a token that was just made.
    """
    return render_template(
        "accounts/show.html",
        minimum=accounts.MIN_PASSWORD,
        has_password=g.user.password_hash is not None,
        tokens=tokens.tokens_of(db.session(), g.user),
        now=datetime.now(UTC),
        expiries=EXPIRIES,
        sends_mails=sends_mails(services()),
        choices=CHOICES,
        notify=g.user.notify,
        error=error,
        token_error=token_error,
        token_name=token_name,
        secret=secret,
        secret_name=secret_name,
    )
