"""The chain that each cell passes: clean it, see whether it means no value, read it by its column's kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from importer.files.cells.addresses import read_email
from importer.files.cells.cleaning import OPENERS, clean, is_clean, may_need_cleaning
from importer.files.cells.country_codes import CODES
from importer.files.cells.dates import date_reader, datetime_reader, noting_early_years
from importer.files.cells.numbers import number_reader
from importer.files.cells.outcomes import EMPTY, Alteration, Fault, ReadCell, altered, faulty, make, unaltered
from importer.files.cells.phones import read_phone
from importer.files.cells.readings import Reading
from importer.files.cells.words import (
    VALUE_KINDS,
    YES_NO,
    folded,
    is_spreadsheet_error,
    squeezed,
    usual_no_values,
)

__all__ = ["Alteration", "Fault", "ReadCell", "is_plain", "may_need_cleaning", "reader_of"]

CellReader = Callable[[str], ReadCell]

REMEMBERED_CELLS = 4096
"""So many different cells of a column are read once, if its cells repeat."""

REMEMBERED_CHARS = 60
"""Longer cells are not remembered, so that memory stays small whatever a file holds."""

REPEATING = frozenset(["date", "datetime", "yes_no", "choice", "code", "country"])


def is_plain(reading: Reading) -> bool:
    """Whether the record type's own check may read the clean cells of a column as they are.

    Where it takes such a cell, the chain would leave it as it is. A cell that it does not take passes the chain
    before its row fails.
    """
    if reading.no_values or reading.words or reading.notes_early_years:
        return False
    if reading.kind in ("decimal", "integer"):
        return reading.decimal_mark == "."
    if reading.kind == "date":
        return reading.date_order in (None, "ymd")
    return reading.kind in ("text", "email", "phone", "choice")


def reader_of(reading: Reading) -> CellReader:
    """What reads the cells of one column."""
    if reading.kind == "text" and not reading.no_values:
        return _read_text
    chain = _chain(reading, _value_reader(reading))
    return _remembering(chain) if reading.kind in REPEATING else chain


def _remembering(chain: CellReader) -> CellReader:
    remembering = lru_cache(REMEMBERED_CELLS)(chain)

    def read(text: str) -> ReadCell:
        return remembering(text) if len(text) <= REMEMBERED_CHARS else chain(text)

    return read


def _read_text(text: str) -> ReadCell:
    if text.isprintable() and text[:1] not in OPENERS and text[-1] != " ":  # is_clean, without the time of a call
        return make(ReadCell, (text, (), None))
    cleaned, alterations = clean(text)
    return ReadCell(cleaned or None, alterations)


def _chain(reading: Reading, read: CellReader) -> CellReader:
    named = frozenset(map(squeezed, reading.no_values))
    usual = usual_no_values(reading.kind)
    reads_blanks = reading.kind in VALUE_KINDS
    may_be_error = reading.kind != "text"

    def chain(text: str) -> ReadCell:
        if is_clean(text):
            return read_clean(text)
        cleaned, alterations = clean(text, keeps_no_break=reads_blanks)
        outcome = read_clean(cleaned) if cleaned else EMPTY
        return outcome._replace(alterations=(*alterations, *outcome.alterations))

    def read_clean(text: str) -> ReadCell:
        if named and squeezed(text) in named:
            return _no_value(text)
        outcome = read(text)
        if outcome.fault and squeezed(text) in usual:
            return _no_value(text)
        if may_be_error and text[0] == "#" and is_spreadsheet_error(text):
            return faulty("spreadsheet_error", text)
        return outcome

    return chain


def _no_value(text: str) -> ReadCell:
    return ReadCell(None, (Alteration("no_value", text, None),))


def _value_reader(reading: Reading) -> CellReader:
    """What reads a clean cell that has a value."""
    match reading.kind:
        case "decimal" | "integer":
            return number_reader(reading.decimal_mark, reading.percent)
        case "date":
            read = date_reader(reading.date_order, reading.century)
            return noting_early_years(read) if reading.notes_early_years else read
        case "datetime":
            read = datetime_reader(reading.date_order, reading.century)
            return noting_early_years(read) if reading.notes_early_years else read
        case "yes_no":
            return _word_reader(reading, YES_NO)
        case "choice":
            return _word_reader(reading, {})
        case "email":
            return read_email
        case "phone":
            return read_phone
        case "code":
            return _read_code
        case "country":
            return _country_reader(reading)
    return unaltered


def _read_code(text: str) -> ReadCell:
    capitals = text.upper() if text.isascii() else text
    return unaltered(text) if capitals == text else altered("capitals", text, capitals)


def _country_reader(reading: Reading) -> CellReader:
    """What reads codes of countries, and what the column's own value map has for other words."""
    own = {folded(word): value for word, value in reading.words.items()}

    def read(text: str) -> ReadCell:
        if value := own.get(folded(text)):
            return unaltered(text) if value == text else altered("word", text, value)
        code = _read_code(text)
        return code if code.text in CODES else faulty("not_a_country", text)

    return read


def _word_reader(reading: Reading, known: dict[str, str]) -> CellReader:
    """What reads words by a value map, the column's own first; of `known` words the rest is a fault."""
    own = {folded(word): value for word, value in reading.words.items()}

    def read(text: str) -> ReadCell:
        word = folded(text)
        value = own.get(word, known.get(word))
        if value is None:
            return faulty("not_yes_no", text) if known else unaltered(text)
        if value == text:
            return unaltered(text)
        return altered("word" if word in own else "yes_no", text, value)

    return read
