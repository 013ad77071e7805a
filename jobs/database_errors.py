"""Whose fault a database error is, by its SQLSTATE.

Source of the classes: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

import re
from enum import Enum

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError, TimeoutError  # noqa: A004


class Fault(Enum):
    """Whose fault an error is."""

    ROW = "row"
    """A value does not fit: the row fails."""
    NOBODY = "nobody"
    """The server is away, full or contended: try again later."""
    TIMEOUT = "timeout"
    """A statement took too long: try again, each row alone."""
    CODE = "code"
    """The record type or the schema is wrong: pause the import."""


CONNECTION_LOST = (PendingRollbackError, TimeoutError)
"""SQLAlchemy's own, without a SQLSTATE: the connection broke within a savepoint, or the pool had none."""

BY_STATE = {
    "57014": Fault.TIMEOUT,  # query_canceled: statement_timeout
    "55P03": Fault.NOBODY,  # lock_not_available: lock_timeout
    "25P03": Fault.NOBODY,  # idle_in_transaction_session_timeout
    "25P04": Fault.NOBODY,  # transaction_timeout
    "25006": Fault.NOBODY,  # read_only_sql_transaction: a failover is under way
}

BY_CLASS = {
    "08": Fault.NOBODY,  # connection exception
    "21": Fault.ROW,  # cardinality violation: one key twice in a statement
    "22": Fault.ROW,  # data exception
    "23": Fault.ROW,  # integrity constraint violation
    "40": Fault.NOBODY,  # transaction rollback: deadlock, serialization
    "44": Fault.ROW,  # with check option violation
    "53": Fault.NOBODY,  # insufficient resources: disk full, too many connections
    "54": Fault.ROW,  # program limit exceeded: a value too large for an index
    "55": Fault.NOBODY,  # object not in prerequisite state
    "57": Fault.NOBODY,  # operator intervention: shutdown, crash recovery
    "58": Fault.NOBODY,  # system error
    "P0": Fault.ROW,  # raised by a trigger
}


def is_connection_lost(error: Exception) -> bool:
    """Whether it says that the database is away, or that no connection to it was free."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, CONNECTION_LOST)
    has_no_answer = _state_of(error) is None and isinstance(error, OperationalError | InterfaceError)
    return error.connection_invalidated or has_no_answer


def _state_of(error: DBAPIError) -> str | None:
    return getattr(error.orig, "pgcode", None)


def fault_of(error: DBAPIError) -> Fault:
    """Whose fault this error is. An SQLSTATE that is not listed says that the code or the schema is wrong."""
    if is_connection_lost(error):
        return Fault.NOBODY
    state = _state_of(error)
    if state is None:
        return Fault.CODE
    return BY_STATE.get(state) or BY_CLASS.get(state[:2], Fault.CODE)


def server_message(error: DBAPIError) -> str:
    """The server's own sentence, without the statement and its parameters."""
    diagnosis = getattr(error.orig, "diag", None)
    text = getattr(diagnosis, "message_primary", None) or str(error.orig).partition("\n")[0]
    return f"{text[:1].upper()}{text[1:]}."


def column_of(error: DBAPIError) -> str | None:
    """The column that the server names, if it names one: by itself, or as the first of a key."""
    diagnosis = getattr(error.orig, "diag", None)
    key = _key(error)
    return getattr(diagnosis, "column_name", None) or (key[1].split(", ")[0].strip('"') if key else None)


def reason_of(error: DBAPIError) -> str:
    """The server's own sentence, and of a key that is there already, or missing elsewhere, which one."""
    key = _key(error)
    return f"{server_message(error)} {key[0][:MAX_DETAIL_CHARS]}" if key else server_message(error)


KEY = re.compile(r"[^()]*\(([^()]+)\)=\(.*", re.DOTALL)
"""The detail of an error about a key, in whatever language: `Key (owner)=(42) is not present in table "owners".`
The details of other errors show whole rows."""

MAX_DETAIL_CHARS = 500


KEY_STATES = {"23503", "23505", "23P01"}
"""foreign_key_violation, unique_violation, exclusion_violation"""


def _key(error: DBAPIError) -> re.Match[str] | None:
    if getattr(error.orig, "pgcode", None) not in KEY_STATES:
        return None
    return KEY.fullmatch(getattr(getattr(error.orig, "diag", None), "message_detail", None) or "")
