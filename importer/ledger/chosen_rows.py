"""Which failed rows of an import are meant: those of a group, those that hold a text, or all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Text, and_, func, or_, true, type_coerce

from importer.models import FailedRow

MAX_SEARCH_CHARS = 200


DISCARDED = "1"
"""What an address says of discarded rows."""


class ChosenRows(NamedTuple):
    """Some of an import's failed rows, without those that a person has discarded, or of these alone.

    Attributes:
        field: at fault; empty: the row as a whole; None: any.
        code: of the fault; None: any.
        text: what a cell or the reason holds, without regard to case; None: anything.
        discarded: rows that a person has discarded are meant, and no others.
    """

    field: str | None = None
    code: str | None = None
    text: str | None = None
    discarded: bool = False

    @classmethod
    def told(cls, told: Mapping[str, Any]) -> ChosenRows:
        """As an address or JSON says it; what it does not know is passed over."""
        given = {name: str(told[name]) for name in cls._fields if told.get(name) is not None}
        text = given.get("text", "").strip()[:MAX_SEARCH_CHARS]
        return cls(
            given.get("field"), given.get("code") or None, text or None, given.get("discarded") == DISCARDED
        )

    def as_json(self) -> dict[str, str]:
        """What differs from all failed rows; `told` takes it back."""
        told = {**self._asdict(), "discarded": DISCARDED if self.discarded else None}
        return {name: value for name, value in told.items() if value is not None}

    def condition(self, sequence: int) -> ColumnElement[bool]:
        """Of an import's failed rows those that are meant."""
        return and_(self.group(sequence), self.holds)

    def group(self, sequence: int) -> ColumnElement[bool]:
        """The rows with this field and code, whatever they hold: an index finds them."""
        return and_(
            FailedRow.import_sequence == sequence,
            FailedRow.discarded_at.is_not(None) if self.discarded else FailedRow.discarded_at.is_(None),
            true() if self.field is None else self._has_field(self.field),
            true() if self.code is None else FailedRow.code == self.code,
        )

    @property
    def holds(self) -> ColumnElement[bool]:
        """Whether a row holds the text."""
        return true() if self.text is None else self._holds(self.text)

    def _has_field(self, field: str) -> ColumnElement[bool]:
        is_it = FailedRow.column_name == field
        return is_it if field else or_(is_it, FailedRow.column_name.is_(None))

    def _holds(self, text: str) -> ColumnElement[bool]:
        """Cells are kept as JSON in ASCII: there other letters are escapes, of which the case is another one."""
        forms = [text] if text.isascii() else dict.fromkeys((text, text.lower(), text.upper(), text.title()))
        cells = func.lower(type_coerce(FailedRow.cells, Text).collate("C"))
        in_cells = (func.strpos(cells, json.dumps(form)[1:-1].lower()) > 0 for form in forms)
        return or_(*in_cells, func.strpos(func.lower(FailedRow.message), func.lower(text)) > 0)
