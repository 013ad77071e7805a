"""The fields of a record type, as much as files have to do with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from importer.files.names import normalised


def anything(text: str) -> bool:
    """Takes every text."""
    return True


class Field(NamedTuple):
    """A field of a record type.

    Attributes:
        name: what a file's header calls it, give or take case, blanks and punctuation.
        required: whether a file without it is refused.
        aliases: further names that a file may give it.
        hints: names that mean it where no column of the file has one of the others.
        kind: what its cells are, one of `importer.files.cells.readings.KINDS`.
        choices: all values that it takes, where these are few.
        first_year, last_year: those that a date in it may have.
        accepts: whether a text, read as a cell of this kind, passes the field's own checks.
    """

    name: str
    required: bool
    aliases: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    kind: str = "text"
    choices: tuple[str, ...] = ()
    first_year: int | None = None
    last_year: int | None = None
    accepts: Callable[[str], bool] = anything

    @property
    def names(self) -> frozenset[str]:
        """All names that mean it, normalised."""
        return frozenset(map(normalised, (self.name, *self.aliases, *self.hints)))
