"""Rows that passed their checks, and where they come from."""

from __future__ import annotations

from typing import Any, NamedTuple


class ValidRow(NamedTuple):
    """A row that passed its checks.

    Attributes:
        row_number: in the file, from 1.
        values: in the order of `Origin.fields`.
    """

    row_number: int
    values: tuple[Any, ...]


class Origin(NamedTuple):
    """Which import rows come from, and what their values are.

    Attributes:
        import_id: the import's id.
        sequence: its number; of two imports the later one has the higher.
        columns: the fields that the file fills; only these change an existing record.
        fields: the field that each value of a row fills; None where a column of the file fills none.
        clears: whether a cell without a value clears that of an existing record; else the record keeps it.
    """

    import_id: str
    sequence: int
    columns: tuple[str, ...]
    fields: tuple[str | None, ...]
    clears: bool

    def named(self, row: ValidRow) -> dict[str, Any]:
        """The values of a row by field."""
        return {name: value for name, value in zip(self.fields, row.values, strict=True) if name is not None}
