"""The session that `save_row` gets: it can do everything but end the batch's transaction.

The batch commits once, with the ledger; a `save_row` that committed by itself, or wrote through another
session, would lose the promise that its effects happen exactly once. Both are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from importer.errors import RecordTypeError

_allowed: ContextVar[Session | None] = ContextVar("session of save_row", default=None)


class RowSession(Session):
    """A session on the batch's connection, within the savepoint of one row."""

    @classmethod
    def on(cls, connection: Connection) -> RowSession:
        """A session whose closing leaves the savepoint as it is, and whose failed flush rolls it back."""
        return cls(bind=connection, join_transaction_mode="rollback_only")

    def commit(self) -> NoReturn:
        raise RecordTypeError("save_row must not commit: the batch does, with the ledger.")

    def rollback(self) -> NoReturn:
        raise RecordTypeError("save_row must not roll back: raise RowError to fail the row.")


@contextmanager
def only_session(session: Session) -> Iterator[None]:
    """Refuse every other session of SQLAlchemy that begins in here."""
    token = _allowed.set(session)
    try:
        yield
    finally:
        _allowed.reset(token)


@event.listens_for(Session, "after_begin")
def _refuse_others(session: Session, transaction: Any, connection: Any) -> None:
    allowed = _allowed.get()
    if allowed is not None and session is not allowed:
        raise RecordTypeError("save_row must use the session it was given: another one escapes the batch.")
