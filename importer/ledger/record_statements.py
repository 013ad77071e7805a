"""Statements that read records for people, within the time that one request has for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, FromClause, Row, select
from sqlalchemy.exc import DBAPIError

from importer.errors import NoRecordsError, RefusedKeyError
from importer.ledger.planning import Budget, TooSlowError, in_passing
from importer.ledger.record_table import Record, RecordTable

REQUEST_SECONDS, LEAST_SECONDS = 1.8, 0.05
"""So long all statements of a request may take, and so long each of them at least."""

NO_SETTINGS: Mapping[str, str] = {}

AS_TEXT = {"datestyle": "ISO, YMD", "timezone": "UTC", "intervalstyle": "iso_8601", "extra_float_digits": "1"}
"""Settings of Postgres with which it reads back what it writes."""

NOT_READABLE = ("42P01", "42703", "42501")
"""Postgres's codes of a table or column that is not there, or may not be read."""

NO_VALUE_CLASS = "22"

TOO_BUSY = (
    "The database is too busy to look through these records. Try again in a while, or look for one by its key."
)


class RecordStatements:
    """Reads the records of one record type, within the caller's transaction; its time runs from when it is made.

    Every method raises `TooSlowError` where its time is over, `NoRecordsError` where the table is gone or not as
    its model says, and `RefusedKeyError` where a text can be no value of the key.

    Args:
        characters: of a value that are read.
    """

    def __init__(self, connection: Connection, table: RecordTable, characters: int) -> None:
        self._connection = connection
        self._table = table
        self._characters = characters
        self._budget = Budget(REQUEST_SECONDS)

    def seconds(self, most: float) -> float:
        """So long the next step of several statements may take."""
        return self._budget.share(least=0, most=most)

    def selection(self, source: FromClause | None = None) -> Any:
        """What is selected of records, of the table or of a part of it."""
        return select(*self._table.selected(self._characters, source))

    def records(
        self, statement: Any, *, seconds: float, settings: Mapping[str, str] = NO_SETTINGS
    ) -> list[Record]:
        """The records that a selection finds."""
        return [self._table.record(row) for row in self.rows(statement, seconds=seconds, settings=settings)]

    def rows(
        self,
        statement: Any,
        parameters: dict[str, str] | None = None,
        *,
        seconds: float,
        settings: Mapping[str, str] = NO_SETTINGS,
    ) -> Sequence[Row[Any]]:
        """What a statement finds.

        Args:
            seconds: that it may take; less where the request has no more.
            settings: of Postgres, for this statement alone.
        """
        with self._reading(seconds=seconds, **settings):
            return self._connection.execute(statement, parameters).all()

    @contextmanager
    def _reading(self, *, seconds: float, **settings: str) -> Iterator[None]:
        seconds = self._budget.share(least=LEAST_SECONDS, most=seconds)
        try:
            with in_passing(self._connection, seconds=seconds, **AS_TEXT, **settings):
                yield
        except TooSlowError as error:
            raise TooSlowError(TOO_BUSY) from error
        except DBAPIError as error:
            code = getattr(error.orig, "pgcode", None) or ""
            if code.startswith(NO_VALUE_CLASS):
                raise RefusedKeyError(f"No record can have this key: {_first_line(error)}.") from error
            if code in NOT_READABLE:
                raise NoRecordsError(
                    f"The records of the type “{self._table.label}” cannot be read: the database says that "
                    f"{_first_line(error)}. Run `flask db upgrade`, or mend the table."
                ) from error
            raise


def _first_line(error: DBAPIError) -> str:
    """What Postgres says, without what it shows of the statement."""
    return str(error.orig).strip().partition("\n")[0]
