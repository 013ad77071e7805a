"""People: who may come in, as what, and by which password."""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from importer.errors import AccountError
from importer.models import ApiToken, OneTimeLink, Role, User

log = logging.getLogger(__name__)

HASHER = PasswordHasher()
ONE_HASH = threading.Lock()
"""One password at a time: each takes 64 MiB while it is hashed, and a web process has threads for many logins."""

MIN_PASSWORD = 10
USE_NOTED_EVERY = timedelta(minutes=1)
"""The last use of an account or token is written no more often."""


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
    """Shut a person out at once: their sessions end, their tokens are revoked, and no one-time link works.

    Raises:
        AccountError: they are the last admin.
    """
    _keep_an_admin(session, user)
    user.disabled_at = func.now()
    user.session_version += 1
    for secret, end in ((ApiToken, "revoked_at"), (OneTimeLink, "withdrawn_at")):
        is_valid = (secret.user_id == user.id, getattr(secret, end).is_(None))
        session.execute(update(secret).where(*is_valid).values({end: func.now()}))
    session.commit()
    session.refresh(user)


def enable(session: Session, user: User) -> None:
    """Let a disabled person in again, by their password or a new link; tokens that were revoked stay so."""
    user.disabled_at = None
    session.commit()


def change_role(session: Session, user: User, role: Role) -> None:
    """Make a person an admin or an operator, from their next click on.

    Raises:
        AccountError: they are the last admin, and would be none.
    """
    if role is not Role.ADMIN:
        _keep_an_admin(session, user)
    user.role = role
    session.commit()


def _keep_an_admin(session: Session, user: User) -> None:
    """Refuse to take the last admin away.

    All admins stay locked until the caller commits: two who take each other's place would both find the other.
    """
    is_active = (User.role == Role.ADMIN, User.disabled_at.is_(None))
    admins = session.scalars(select(User.id).where(*is_active).order_by(User.id).with_for_update()).all()
    if list(admins) == [user.id]:
        session.rollback()
        raise AccountError(f"{user.email} is the last admin. Make somebody else an admin first.")


def is_used_again(last: datetime | None) -> bool:
    """Whether a use is to be noted; each one would be a write for every request."""
    return last is None or datetime.now(UTC) - last > USE_NOTED_EVERY


def note_use(session: Session, user: User) -> None:
    """Note that this person is here, once a minute.

    A database that can only be read now keeps nobody from the pages.
    """
    if not is_used_again(user.last_used_at):
        return
    try:
        user.last_used_at = datetime.now(UTC)
        session.commit()
    except DBAPIError as error:
        session.rollback()
        log.warning("the last use of an account is not noted: %s", str(error).partition("\n")[0])
