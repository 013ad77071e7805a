"""API tokens: what scripts send instead of a password, each with a scope and perhaps an end."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from importer.control.accounts import hashed, is_used_again
from importer.errors import AccountError
from importer.models import ApiToken, Scope, User

MAX_NAME = 100
MAX_DAYS = 3650
MOST_TOKENS = 100
"""Valid tokens of one person; more are a script that makes one each time it runs."""


def create_token(
    session: Session,
    user: User,
    name: str,
    *,
    scope: Scope = Scope.WRITE,
    expires_days: int | None = None,
) -> str:
    """A new API token; it is shown once and kept only as a hash.

    Args:
        expires_days: after so many days it is refused; None: never.

    Raises:
        AccountError: it has no name or too long a one, it would expire at once or in more than ten years, or the
            person has too many.
    """
    name = _valid_name(name)
    if expires_days is not None and not 1 <= expires_days <= MAX_DAYS:
        raise AccountError(f"A token may expire after 1 to {MAX_DAYS} days.")
    _refuse_too_many(session, user)
    secret = f"imp_{secrets.token_urlsafe(32)}"
    expires_at = None if expires_days is None else datetime.now(UTC) + timedelta(days=expires_days)
    token = ApiToken(user_id=user.id, name=name, token_hash=hashed(secret), scope=scope, expires_at=expires_at)
    session.add(token)
    session.commit()
    return secret


def _valid_name(name: str) -> str:
    name = name.strip()
    if not name or not name.isprintable():
        raise AccountError("Give the token a name that says what it is for.")
    if len(name) > MAX_NAME:
        raise AccountError(f"The name of a token has at most {MAX_NAME} characters.")
    return name


def _refuse_too_many(session: Session, user: User) -> None:
    count = session.scalar(select(func.count()).where(ApiToken.user_id == user.id, _is_valid()))
    if (count or 0) >= MOST_TOKENS:
        raise AccountError(f"You have {MOST_TOKENS} tokens already. Revoke those that no script needs.")


def _is_valid() -> ColumnElement[bool]:
    return ApiToken.revoked_at.is_(None) & (ApiToken.expires_at.is_(None) | (ApiToken.expires_at > func.now()))


def tokens_of(session: Session, user: User) -> Sequence[ApiToken]:
    """Those of a person that are not revoked, expired ones among them; the latest first."""
    wanted = select(ApiToken).where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
    return session.scalars(wanted.order_by(ApiToken.id.desc())).all()


def revoke_token(session: Session, user: User, token_id: int) -> str:
    """Refuse one token of this person from now on; return its name.

    Raises:
        AccountError: they have no such token.
    """
    name: str | None = session.scalar(
        update(ApiToken)
        .where(ApiToken.id == token_id, ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(ApiToken.name)
    )
    session.commit()
    if name is None:
        raise AccountError("That token is revoked already, or is not yours.")
    return name


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


def find_token(session: Session, secret: str) -> ApiToken | None:
    """The token with this secret, if it is still valid and its owner is not disabled."""
    token = session.scalar(select(ApiToken).where(ApiToken.token_hash == hashed(secret), _is_valid()))
    if token is None or token.user.disabled_at:
        return None
    if is_used_again(token.last_used_at):
        token.last_used_at = datetime.now(UTC)
        session.commit()
    return token
