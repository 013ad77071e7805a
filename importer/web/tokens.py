"""API tokens of whoever is logged in."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from importer.control import tokens
from importer.errors import AccountError
from importer.models import Scope
from importer.web.accounts import EXPIRIES, account_page
from importer.web.extensions import db

blueprint = Blueprint("tokens", __name__, url_prefix="/account/tokens")

LARGEST_ID = 2**31 - 1


@blueprint.post("")
def create() -> tuple[str, int]:
    """Make a token; the page shows it, this once."""
    name = request.form.get("name", "")
    try:
        secret = tokens.create_token(db.session(), g.user, name, scope=_scope(), expires_days=_days())
    except AccountError as error:
        return account_page(token_error=error.message, token_name=name[: tokens.MAX_NAME]), 422
    return account_page(secret=secret, secret_name=name.strip()), 201


@blueprint.post("/<int:token_id>/revoke")
def revoke(token_id: int) -> Response | tuple[str, int]:
    try:
        name = tokens.revoke_token(db.session(), g.user, min(token_id, LARGEST_ID))
    except AccountError as error:
        return account_page(token_error=error.message), 422
    flash(f"The token “{name}” is revoked: it is refused from now on.")
    return redirect(url_for("accounts.show"), 303)


def _scope() -> Scope:
    try:
        return Scope(request.form.get("scope", ""))
    except ValueError as error:
        raise BadRequest("scope must be read or write.") from error


def _days() -> int | None:
    try:
        return EXPIRIES[request.form.get("expires", "")][1]
    except KeyError as error:
        raise BadRequest(f"expires must be one of: {', '.join(EXPIRIES)}.") from error
