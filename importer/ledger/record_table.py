"""The table of a record type, as far as its records can be shown to people.

Values are read as Postgres writes them as text, so that no type of a column is beyond it, and Postgres cuts them.
What is compared with a column is sent as text too, and Postgres reads it as a value of that column.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from typing import cast as cast_type

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Enum,
    FromClause,
    Row,
    String,
    Table,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    tuple_,
)

from importer.errors import NoRecordsError, RefusedKeyError
from importer.record_types import RecordType
from importer.record_types.statements import DIALECT

SURROGATES = range(0xD800, 0xE000)
LAST_CHARACTER = 0x10FFFF

WRITERS = ("imported_by", "imported_row", "changed_by", "changed_row")
CREATED = ("created_at",)

FIRST_DAY, LAST_DAY = "0001-01-02", "9999-12-30"
"""Between these a moment is one that Python can tell."""


class Value(NamedTuple):
    """A value of a record.

    Attributes:
        text: its beginning; None: there is no value.
        length: characters of all of it.
    """

    text: str | None
    length: int

    @property
    def is_cut(self) -> bool:
        return self.text is not None and len(self.text) < self.length


class Writer(NamedTuple):
    """Which import and row wrote or changed a record; a sequence of 0: no import did."""

    sequence: int
    row_number: int


class Record(NamedTuple):
    """A record.

    Attributes:
        key: the texts of its key.
        values: in the order of `RecordTable.fields`.
        written: who wrote it last, whether that changed a value or not.
        changed: who changed a value last.
        created_at: as ISO 8601; None: its table does not tell.
    """

    key: tuple[str, ...]
    values: tuple[Value, ...]
    written: Writer
    changed: Writer
    created_at: str | None


class RecordTable:
    """Where the records of a record type are.

    Attributes:
        key: the names of the fields that identify a record.
        fields: those that are shown, the key's first.

    Raises:
        NoRecordsError: its records do not say which import wrote them.
    """

    def __init__(self, record_type: RecordType) -> None:
        model, key = getattr(record_type, "model", None), getattr(record_type, "key", ())
        table: FromClause | None = getattr(model, "__table__", None)
        if table is None or not key or not {*key, *WRITERS} <= set(table.c.keys()):
            raise NoRecordsError(
                f"Records of the type “{record_type.label}” are saved by code of its own, which does not note the "
                "import and the row in them. So it is not known which records this import wrote."
            )
        self.source = table
        self.label = record_type.label
        self.key = tuple(key)
        others = (name for name in record_type.schema.model_fields if name in table.c and name not in key)
        self.fields = (*self.key, *others)

    @property
    def name(self) -> str:
        """What it is called in SQL."""
        return DIALECT.identifier_preparer.format_table(cast_type(Table, self.source))

    @property
    def needed(self) -> list[ColumnElement[Any]]:
        """The columns that `selected` takes."""
        columns = self.source.c
        return [columns[name] for name in dict.fromkeys((*self.fields, *WRITERS, *CREATED)) if name in columns]

    def share(self, characters: int, whole: int) -> int:
        """Characters of each value: as many as these, or as a record of so many leaves to each."""
        return max(min(characters, whole // len(self.fields)), 1)

    def key_columns(self, source: FromClause | None = None) -> list[ColumnElement[Any]]:
        """The columns of the key, in the table or in a part of it."""
        return [(self.source if source is None else source).c[name] for name in self.key]

    def selected(self, characters: int, source: FromClause | None = None) -> list[ColumnElement[Any]]:
        """What is read of a record; `record` takes it.

        Args:
            characters: of a value, at most.
        """
        columns = (self.source if source is None else source).c
        texts = [cast(columns[name], Text) for name in self.fields]
        values = [part for text in texts for part in (func.left(text, characters), func.length(text))]
        keys = [cast(column, Text) for column in self.key_columns(source)]
        return [*keys, *values, *(columns[name] for name in WRITERS), _created_at(columns)]

    def record(self, row: Row[Any]) -> Record:
        """What was selected as a record."""
        found = list(row)
        keys, end = len(self.key), len(self.key) + 2 * len(self.fields)
        pairs = zip(found[keys:end:2], found[keys + 1 : end : 2], strict=True)
        by, row_number, changed_by, changed_row, created_at = found[end:]
        return Record(
            tuple(found[:keys]),
            tuple(Value(text, length or 0) for text, length in pairs),
            Writer(by, row_number),
            Writer(changed_by, changed_row),
            None if created_at is None else datetime.fromisoformat(created_at).isoformat(),
        )

    def is_key(self, key: Sequence[str]) -> ColumnElement[bool]:
        """The record with this key."""
        return and_(*(column == text_of(text) for column, text in zip(self.key_columns(), key, strict=True)))

    def begins_with(self, beginning: Sequence[str]) -> ColumnElement[bool]:
        """Records whose key begins so: texts with these letters, other values are these; an empty one is any."""
        pairs = zip(self.key_columns(), beginning, strict=False)
        return and_(
            *(
                func.left(cast(column, Text), len(text)).collate("C") == text_of(text)
                if is_text(column)
                else column == text_of(text)
                for column, text in pairs
                if text
            ),
            literal(True),
        )

    def after(self, key: Sequence[str]) -> ColumnElement[bool]:
        """Records that come after this key."""
        is_after: ColumnElement[bool] = self._compared(key) > self._compared_texts(key)
        return is_after

    def until(self, key: Sequence[str]) -> ColumnElement[bool]:
        """Records up to this key."""
        is_until: ColumnElement[bool] = self._compared(key) <= self._compared_texts(key)
        return is_until

    def from_(self, beginning: Sequence[str]) -> ColumnElement[bool]:
        """Records from the first key that can begin so."""
        first = beginning[0] if beginning else ""
        return self.key_columns()[0] >= text_of(first) if first else literal(True)

    def below(self, beginning: Sequence[str]) -> ColumnElement[bool]:
        """Records up to the last key that can begin so, in a table that is sorted by the numbers of characters."""
        first, column = beginning[0] if beginning else "", self.key_columns()[0]
        if not first:
            return literal(True)
        if not is_text(column):
            return column <= text_of(first)
        following = _following(first)
        return column < text_of(following) if following else literal(True)

    def _compared(self, key: Sequence[str]) -> Any:
        columns = self.key_columns()
        return columns[0] if len(columns) == 1 else tuple_(*columns)

    def _compared_texts(self, key: Sequence[str]) -> Any:
        texts = [text_of(text) for text in key]
        return texts[0] if len(texts) == 1 else tuple_(*texts)


def _created_at(columns: Any) -> ColumnElement[Any]:
    """When a record was created, where its table tells it as a moment with a time zone that Python can tell."""
    moment = columns.get("created_at")
    if moment is None or not isinstance(moment.type, DateTime) or not moment.type.timezone:
        return null()
    return case((moment.between(text_of(FIRST_DAY), text_of(LAST_DAY)), cast(moment, Text)))


def text_of(text: str) -> ColumnElement[str]:
    """A text that Postgres reads as a value of the column that it is compared with.

    Raises:
        RefusedKeyError: it has a character that no text in Postgres has.
    """
    if "\0" in text or any(ord(character) in SURROGATES for character in text):
        raise RefusedKeyError("No key has such characters: a NUL, or a half of a character.")
    return literal(text, String())


def is_text(column: ColumnElement[Any]) -> bool:
    """Whether a column holds texts, of which one can look for the beginning."""
    return isinstance(column.type, String) and not isinstance(column.type, Enum)


def _following(text: str) -> str:
    """The first text after all that begin with this one; empty where there is none."""
    last = ord(text[-1])
    if last == LAST_CHARACTER:
        return ""
    return text[:-1] + chr(SURROGATES.stop if last + 1 in SURROGATES else last + 1)
