"""The session that `save_row` gets: it can do everything but end the batch's transaction.

The batch commits once, with the ledger; a `save_row` that committed by itself, or wrote through another
session, would lose the promise that its effects happen exactly once. Both are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from importer.errors import RecordTypeError

_allowed: ContextVar[Session | None] = ContextVar("session of save_row", default=None)

NO_COMMIT = "save_row must not commit: the batch does, with the ledger."
NO_ROLLBACK = "save_row must not roll back: raise RowError to fail the row."
COMMITS = re.compile(r"\s*(commit|end|begin|start\s+transaction|prepare\s+transaction)\b", re.IGNORECASE)
ROLLS_BACK = re.compile(r"\s*(rollback|abort)\b(?!(\s+(work|transaction))?\s+to\b)", re.IGNORECASE)


class RowSession(Session):
    """A session on the batch's connection, within the savepoint of one row."""

    @classmethod
    def on(cls, connection: Connection) -> RowSession:
        """A session whose closing leaves the savepoint as it is, and whose failed flush rolls it back."""
        return cls(bind=connection, join_transaction_mode="rollback_only")

    def commit(self) -> NoReturn:
        raise RecordTypeError(NO_COMMIT)

    def rollback(self) -> NoReturn:
        raise RecordTypeError(NO_ROLLBACK)


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


@event.listens_for(Engine, "commit")
def _refuse_commit(connection: Connection) -> None:
    """Called before it is done, on the batch's own connection and on any other."""
    if _allowed.get() is not None:
        connection.invalidate()  # SQLAlchemy takes the transaction for ended now, the server does not
        raise RecordTypeError(NO_COMMIT)


@event.listens_for(Engine, "rollback")
def _refuse_rollback(connection: Connection) -> None:
    """On the batch's own connection; another one may well be rolled back."""
    session = _allowed.get()
    if session is not None and session.bind is connection:
        connection.invalidate()
        raise RecordTypeError(NO_ROLLBACK)


@event.listens_for(Engine, "before_cursor_execute")
def _refuse_in_sql(connection: Connection, cursor: Any, statement: str, *others: Any) -> None:
    """The same, written as SQL: it would commit the ledger's lines without the counters."""
    if _allowed.get() is None:
        return
    if COMMITS.match(statement):
        raise RecordTypeError(NO_COMMIT)
    if ROLLS_BACK.match(statement):
        raise RecordTypeError(NO_ROLLBACK)
