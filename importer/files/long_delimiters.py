"""Delimiters of several signs, such as `||`: the parser knows one sign, so each is read as `DIVIDER`.

Within quotes it is a part of the cell's text, and is put back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

DIVIDER = "\ufdd0"
"""Unicode keeps it from being a character of any text."""

LONGEST_DELIMITER = 4

SIGNS = frozenset("~|^#@$%&*:;<>!=+-/\\,\t\x01\x1f§¬¦")
"""Of which longer delimiters are made."""

IN_PLAIN_TABLES = ",;\t"
"""Two of them in a row may also stand around a column without name and values; several such columns seldom do."""

MOST_RECORDS = 0.9


def may_be_long(text: str) -> bool:
    """Whether a text of several signs may be a delimiter."""
    return 1 < len(text) <= LONGEST_DELIMITER and SIGNS.issuperset(text.replace(" ", ""))


def is_long(delimiter: str) -> bool:
    return len(delimiter) > 1


def divided(text: str, delimiter: str) -> str:
    """The text with `DIVIDER` for each of these delimiters, as the parser takes it."""
    return text.replace(delimiter, DIVIDER)


def joined(cells: Sequence[str], delimiter: str) -> list[str]:
    """Cells as they were written, of a text that was divided."""
    return [cell.replace(DIVIDER, delimiter) for cell in cells]


def all_joined(records: Iterable[Sequence[str]], delimiter: str) -> Iterator[list[str]]:
    return (joined(cells, delimiter) for cells in records)


def longer_delimiter(records: Sequence[Sequence[str]], delimiter: str) -> str:
    """The delimiter of several signs that a text has, where one of its signs divides it into these records.

    Either every second cell is empty (`a||b`) or the same signs (`a~|~b`, divided at `~`), or the same signs stand
    at both sides of each (`a~|~b`, divided at `|`).

    Returns:
        The delimiter; empty where there is none.
    """
    wide = [record for record in records if len(record) > 1]
    if not wide or len(wide) < MOST_RECORDS * len(records):
        return ""
    longer = _around(wide, delimiter)
    return longer if longer != delimiter and may_be_long(longer) else ""


def _around(records: Sequence[Sequence[str]], delimiter: str) -> str:
    """The delimiter with the signs that stand around it everywhere."""
    if between := _alternates(records):
        is_plain = delimiter in IN_PLAIN_TABLES and max(map(len, records)) < 5
        return delimiter if is_plain and not between[0] else delimiter + between[0] + delimiter
    before = _common_begin([cell[::-1] for record in records for cell in record[:-1]])[::-1]
    after = _common_begin([cell for record in records for cell in record[1:]])
    is_around_cells = all(record[0].startswith(after) or record[-1].endswith(before) for record in records)
    return before + delimiter + after if before and after and not is_around_cells else delimiter


def _alternates(records: Sequence[Sequence[str]]) -> list[str]:
    """The cell that is every second one of the first record and of nearly all others, if it is empty or of signs.

    Nothing where none is. The first record has names: those of a column of signs are none.
    """
    first = records[0]
    between = first[1]
    if len(first) % 2 == 0 or not SIGNS.issuperset(between):
        return []
    sound = [len(record) % 2 and set(record[1::2]) == {between} and any(record[::2]) for record in records]
    return [between] if sound[0] and sum(map(bool, sound)) >= MOST_RECORDS * len(records) else []


def _common_begin(cells: Sequence[str]) -> str:
    """The signs of delimiters with which all of these begin."""
    pairs = zip(min(cells), max(cells), strict=False)
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1] and pair[0] in SIGNS, pairs))
