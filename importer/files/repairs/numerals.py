"""Numbers as a column with a certain decimal mark takes them."""

from __future__ import annotations

from importer.files.cells.numbers import readings_of


def written_with(mark: str | None, plain: str) -> str:
    """A number in digits and a point, written for a column.

    Args:
        mark: of the column; None: it has none, and takes only numbers that have one reading.
    """
    if mark == ",":
        return plain.replace(".", ",")
    if mark is None and len(set(readings_of(plain).values())) > 1:
        return _with_one_reading(plain)
    return plain


def _with_one_reading(plain: str) -> str:
    """`1.500` as `1.5`, and `1.234` as `01.234`: a group of thousands begins with no zero."""
    shorter = plain.rstrip("0")
    if len(set(readings_of(shorter).values())) == 1:
        return shorter
    sign = plain[: plain[:1] == "-"]
    return f"{sign}0{plain.removeprefix('-')}"
