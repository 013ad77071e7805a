"""People, their passwords and one-time links, and the tokens of their scripts."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from importer.errors import AccountError
from importer.models import ApiToken, Role, User

HASHER = PasswordHasher()
ONE_HASH = threading.Lock()
"""One password at a time: each takes 64 MiB while it is hashed, and a web process has threads for many logins."""

MIN_PASSWORD = 10
LINK_LIFETIME = timedelta(minutes=15)


def hashed(secret: str) -> str:
    """SHA-256 of a random secret, which needs no salt: it has 256 random bits of its own."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_user(session: Session, *, email: str, role: Role, password: str | None = None) -> User:
    """Add a person; without a password they come in by a one-time link.

    Raises:
        AccountError: the address is malformed or taken, or the password too short.
    """
    user = User(email=_valid_email(email), role=role, password_hash=_password_hash(password) if password else None)
    session.add(user)
    try:
        session.commit()
    except IntegrityError as error:
        session.rollback()
        raise AccountError(f"A user {email} exists already.") from error
    return user


def _valid_email(email: str) -> str:
    try:
        return validate_email(email, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise AccountError(f"{email!r} is no e-mail address: {error}") from error


@cache
def _nobodys_hash() -> str:
    """Where there is no such user, the password is compared with this, so that the answer takes as long.

    It is made when first needed: a command that knows no password starts a tenth of a second sooner.
    """
    return HASHER.hash(secrets.token_hex(16))


def _password_hash(password: str) -> str:
    if len(password) < MIN_PASSWORD:
        raise AccountError(f"The password must have at least {MIN_PASSWORD} characters.")
    with ONE_HASH:
        return HASHER.hash(password)


def find_user(session: Session, email: str) -> User:
    """The person with that address, whatever its case.

    Raises:
        AccountError: there is none.
    """
    user = _by_email(session, email)
    if user is None:
        raise AccountError(f"There is no user {email}.")
    return user


def all_users(session: Session) -> Sequence[User]:
    """Everybody, disabled or not, by address."""
    return session.scalars(select(User).order_by(User.email)).all()


def _by_email(session: Session, email: str) -> User | None:
    return session.scalar(select(User).where(func.lower(User.email) == email.strip().lower()))


def check_password(session: Session, email: str, password: str) -> User | None:
    """The person, if the password is theirs and they are not disabled."""
    user = _by_email(session, email)
    if not _verify(user.password_hash if user else None, password) or user is None:
        return None
    return None if user.disabled_at else user


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        with ONE_HASH:
            HASHER.verify(password_hash or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def change_password(session: Session, user: User, *, current: str, new: str) -> None:
    """Replace the password and end every other session of this person.

    Raises:
        AccountError: the current password is wrong, or the new one too short.
    """
    if user.password_hash is not None and not _verify(user.password_hash, current):
        raise AccountError("The current password is wrong.")
    set_password(session, user, new)


def set_password(session: Session, user: User, new: str) -> None:
    """Set a password without asking for the current one, and end every session of this person."""
    user.password_hash = _password_hash(new)
    user.session_version += 1
    session.commit()


def end_sessions(session: Session, user: User) -> None:
    """Log this person out everywhere: a session is a signed cookie, and a copy of it would live on."""
    user.session_version += 1
    session.commit()


def disable(session: Session, user: User) -> None:
    """Shut a person out at once: their sessions end and their tokens are refused."""
    user.disabled_at = datetime.now(UTC)
    user.session_version += 1
    user.login_link_hash = None
    session.commit()


def make_login_link(session: Session, user: User) -> str:
    """A secret that logs this person in once within 15 minutes.

    Raises:
        AccountError: the person is disabled.
    """
    if user.disabled_at:
        raise AccountError(f"The user {user.email} is disabled.")
    secret = secrets.token_urlsafe(32)
    user.login_link_hash = hashed(secret)
    user.login_link_expires_at = datetime.now(UTC) + LINK_LIFETIME
    session.commit()
    return secret


def use_login_link(session: Session, secret: str) -> User | None:
    """The person whom the secret logs in; the link works only once."""
    user = session.scalar(
        update(User)
        .where(User.login_link_hash == hashed(secret), User.login_link_expires_at > func.now())
        .where(User.disabled_at.is_(None))
        .values(login_link_hash=None)
        .returning(User)
    )
    session.commit()
    return user


def create_token(session: Session, user: User, name: str) -> str:
    """A new API token; it is shown once and kept only as a hash."""
    secret = f"imp_{secrets.token_urlsafe(32)}"
    session.add(ApiToken(user_id=user.id, name=name, token_hash=hashed(secret)))
    session.commit()
    return secret


def revoke_tokens(session: Session, user: User, name: str) -> int:
    """Refuse this person's tokens of that name from now on; return how many."""
    revoked = session.scalars(
        update(ApiToken)
        .where(ApiToken.user_id == user.id, ApiToken.name == name, ApiToken.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(ApiToken.id)
    ).all()
    session.commit()
    return len(revoked)


def user_of_token(session: Session, secret: str) -> User | None:
    """The person whose script sent this token."""
    token = session.scalar(
        select(ApiToken).where(ApiToken.token_hash == hashed(secret), ApiToken.revoked_at.is_(None))
    )
    if token is None or token.user.disabled_at:
        return None
    if token.last_used_at is None or datetime.now(UTC) - token.last_used_at > timedelta(minutes=1):
        token.last_used_at = datetime.now(UTC)
        session.commit()
    return token.user
