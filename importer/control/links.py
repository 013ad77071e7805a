"""One-time links: secrets that let a person in once, to log in or to set a password."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from importer.control.accounts import hashed, set_password
from importer.errors import AccountError
from importer.models import OneTimeLink, Purpose, User

LIFETIMES = {Purpose.LOGIN: timedelta(minutes=15), Purpose.PASSWORD: timedelta(days=7)}


def make_link(session: Session, user: User, purpose: Purpose) -> str:
    """A secret that works once; earlier ones of the same person and purpose work no more.

    Raises:
        AccountError: the person is disabled.
    """
    if user.disabled_at:
        raise AccountError(f"The user {user.email} is disabled.")
    is_former = (OneTimeLink.user_id == user.id, OneTimeLink.purpose == purpose, OneTimeLink.used_at.is_(None))
    session.execute(
        update(OneTimeLink).where(*is_former, OneTimeLink.withdrawn_at.is_(None)).values(withdrawn_at=func.now())
    )
    secret = secrets.token_urlsafe(32)
    expires_at = datetime.now(UTC) + LIFETIMES[purpose]
    session.add(OneTimeLink(user_id=user.id, purpose=purpose, secret_hash=hashed(secret), expires_at=expires_at))
    session.commit()
    return secret


def find_link(session: Session, secret: str, purpose: Purpose) -> OneTimeLink:
    """The link that the secret belongs to, still unused.

    Raises:
        AccountError: it does not work, and why.
    """
    wanted = select(OneTimeLink).where(OneTimeLink.secret_hash == hashed(secret), OneTimeLink.purpose == purpose)
    link = session.scalar(wanted)
    problem = _problem(link)
    if problem or link is None:
        raise AccountError(problem)
    return link


def _problem(link: OneTimeLink | None) -> str | None:
    if link is None:
        return "There is no such link. See that you have copied all of it, or ask an admin for a new one."
    if link.used_at:
        return "This link was used before: it works only once. Log in, or ask an admin for a new one."
    if link.withdrawn_at or link.user.disabled_at:
        return "This link was withdrawn. Use the latest one that you were given, or ask an admin for a new one."
    if link.expires_at <= datetime.now(UTC):
        return f"This link is older than {_in_words(Purpose(link.purpose))}. Ask an admin for a new one."
    return None


def _in_words(purpose: Purpose) -> str:
    return "15 minutes" if purpose is Purpose.LOGIN else "7 days"


def use_login_link(session: Session, secret: str) -> User:
    """The person whom the secret logs in.

    Raises:
        AccountError: the link does not work, and why.
    """
    link = find_link(session, secret, Purpose.LOGIN)
    _use(session, link)
    session.commit()
    return link.user


def use_password_link(session: Session, secret: str, password: str) -> User:
    """Set the password of the person whom the secret belongs to; every session of theirs ends.

    Raises:
        AccountError: the link does not work, or the password is too short; then the link can still be used.
    """
    link = find_link(session, secret, Purpose.PASSWORD)
    _use(session, link)
    try:
        set_password(session, link.user, password)
    except AccountError:
        session.rollback()
        raise
    return link.user


def _use(session: Session, link: OneTimeLink) -> None:
    """Note that a link is used, unless another request has just used it; the caller commits."""
    is_unused = (OneTimeLink.id == link.id, OneTimeLink.used_at.is_(None), OneTimeLink.withdrawn_at.is_(None))
    used = update(OneTimeLink).where(*is_unused).values(used_at=func.now()).returning(OneTimeLink.id)
    if session.scalar(used.execution_options(synchronize_session=False)) is None:
        session.rollback()
        raise AccountError("This link was used before: it works only once. Log in, or ask an admin for a new one.")
