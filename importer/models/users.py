"""People and scripts that may use the product."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Integer, String, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from importer.models.base import Base

MAX_EMAIL = 254
"""Characters of an e-mail address (RFC 5321)."""


class Role(StrEnum):
    """An operator sees and touches their own imports, an admin all of them and rq-dashboard."""

    ADMIN = "admin"
    OPERATOR = "operator"


class Notify(StrEnum):
    """When a person is written to about an import of theirs: never, when it fails or pauses, or always."""

    NEVER = "never"
    PROBLEMS = "problems"
    ALWAYS = "always"


class User(Base):
    """A person who can log in."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    email: Mapped[str] = mapped_column(String(MAX_EMAIL))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(String(10))
    session_version: Mapped[int] = mapped_column(Integer, default=1, comment="raised to end every session")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None] = mapped_column(comment="to the minute, by pages or tokens")
    disabled_at: Mapped[datetime | None]
    notify: Mapped[Notify] = mapped_column(
        String(10), default=Notify.NEVER, server_default="never", comment="when an upload does not say"
    )

    __table_args__ = (Index("uq_users_email", func.lower(email), unique=True),)

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN


class Purpose(StrEnum):
    """What a one-time link is for: to log in at once, or to set a password first."""

    LOGIN = "login"
    PASSWORD = "password"


class OneTimeLink(Base):
    """A secret that lets a person in once; only its SHA-256 is kept."""

    __tablename__ = "one_time_links"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[Purpose] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None] = mapped_column(
        comment="when a newer link took its place, or its person was disabled"
    )

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class Scope(StrEnum):
    """What a token may do: read, or all that its owner may."""

    READ = "read"
    WRITE = "write"


class ApiToken(Base):
    """A script's key to the API; only its SHA-256 is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scope: Mapped[Scope] = mapped_column(String(5), default=Scope.WRITE, server_default="write")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None] = mapped_column(comment="null: it does not expire")
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)
