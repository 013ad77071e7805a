"""People: who may come in, and as what; for admins."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from importer.control import accounts, links
from importer.errors import AccountError
from importer.models import MAX_EMAIL, Purpose, Role, User
from importer.web.extensions import db, services

blueprint = Blueprint("people", __name__, url_prefix="/people")

PERSON = "/<int:user_id>"
YOURSELF = "Another admin has to do this: nobody changes their own role, or disables themselves."
LARGEST_ID = 2**31 - 1


@blueprint.get("")
def index() -> str:
    return _page()


@blueprint.post("")
def create() -> tuple[str, int]:
    """Add a person; the page shows the link by which they set their password, this once."""
    email, role = request.form.get("email", ""), _role()
    try:
        user = accounts.create_user(db.session(), email=email, role=role)
    except AccountError as error:
        return _page(error=error.message, email=email[:MAX_EMAIL], role=role), 422
    return _with_link(user), 201


@blueprint.post(f"{PERSON}/link")
def create_link(user_id: int) -> str | tuple[str, int]:
    """Show a link by which a person sets a new password; one that they had before works no more."""
    try:
        return _with_link(_find(user_id))
    except AccountError as error:
        return _page(error=error.message), 422


@blueprint.post(f"{PERSON}/role")
def change_role(user_id: int) -> Response | tuple[str, int]:
    user, role = _find(user_id), _role()
    try:
        _refuse_yourself(user)
        accounts.change_role(db.session(), user, role)
    except AccountError as error:
        return _page(error=error.message), 422
    return _back(f"{user.email} is an {role} now.")


@blueprint.post(f"{PERSON}/disable")
def disable(user_id: int) -> Response | tuple[str, int]:
    user = _find(user_id)
    try:
        _refuse_yourself(user)
        accounts.disable(db.session(), user)
    except AccountError as error:
        return _page(error=error.message), 422
    return _back(f"{user.email} is disabled: logged out everywhere, and no token of theirs works any more.")


@blueprint.post(f"{PERSON}/enable")
def enable(user_id: int) -> Response:
    user = _find(user_id)
    accounts.enable(db.session(), user)
    return _back(f"{user.email} may come in again. Tokens that were revoked stay so.")


def _find(user_id: int) -> User:
    user = db.session.get(User, user_id) if user_id <= LARGEST_ID else None
    if user is None:
        raise NotFound("There is no such person.")
    return user


def _role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError as error:
        raise BadRequest("role must be admin or operator.") from error


def _refuse_yourself(user: User) -> None:
    if user.id == g.user.id:
        raise AccountError(YOURSELF)


def _with_link(user: User) -> str:
    secret = links.make_link(db.session(), user, Purpose.PASSWORD)
    address = services().settings.base_url + url_for("passwords.new", secret=secret)
    return _page(link=address, link_of=user.email)


def _page(
    *,
    error: str | None = None,
    email: str = "",
    role: Role = Role.OPERATOR,
    link: str | None = None,
    link_of: str | None = None,
) -> str:
    """The page.

    Args:
        error: why nothing was changed.
        email, role: what the form for another person shows.
        link, link_of: a link that was just made, and whose it is.
    """
    people = accounts.all_users(db.session())
    return render_template(
        "people/index.html",
        people=people,
        error=error,
        email=email,
        role=role,
        link=link,
        link_of=link_of,
        own_id=g.user.id,
    )


def _back(words: str) -> Response:
    flash(words)
    return redirect(url_for("people.index"), 303)
