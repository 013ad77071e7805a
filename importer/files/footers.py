"""What stands below a table: totals, remarks, counts of rows, or another table.

It is told from the last records of a file, or of a sample of it. Nothing is left out by it: it is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median_high
from typing import NamedTuple

from importer.files.dialects import TELLING_WIDTH
from importer.files.tables import Located, column_kinds, kind_of

MOST_RECORDS = 10
"""A footer of more records is none."""

FEWEST_ROWS = 3
"""So many records are needed to tell what a row looks like, and to take others for a second table."""

TOTAL = re.compile(
    r"(?:(?:grand|sub|overall|report)[ -]?)?totals?|totale(?: complessivo| generale)?"
    r"|total (?:général|general|geral)|sum|sums|summe|zwischensumme|endsumme|gesamt(?:summe|ergebnis)?|insgesamt"
    r"|somme|sous-total|suma(?: końcowa)?"
    r"|soma|razem|(?:eind|sub)?totaal|celkem|součet|spolu|summa|totalt|i alt|yhteensä|(?:mind)?összesen"
    r"|(?:genel )?toplam|ukupno|skupaj|(?:общий )?итого?|всего|σύνολο|合计|合計|总计|總計|総計|합계|총계|المجموع"
    r"|average|durchschnitt|moyenne|count|anzahl|(?:record|row) count|number of (?:records|rows)"
    r"|trailer|trl|tlr|ftr",
    re.IGNORECASE,
)
"""The first words of a total, or of the record by which programs mark the end of their rows."""

COUNTED = re.compile(r"\s*(?:\([^)]*\)|\b(?:records|rows|lines|entries|amount|contacts))$", re.IGNORECASE)
"""What may follow the word."""

REMARK = re.compile(
    r"\(?\d[\d,.' ]*\s?(?:rows?|records?|lines?|entries|items|zeilen|datensätze|lignes|filas|registros|righe)"
    r"(?:\s(?:in set|affected|selected|exported|returned|fetched)\b.*)?\)?\.?"
    r"|[-=*_#\s]*(?:end|ende|fin|fine|eof)(?:\s(?:of|der|de|du)\s.*)?[-=*_#\s.]*"
    r"|(?:generated|exported|created|printed|produced|downloaded|erstellt|exportiert|généré|exporté|generado)"
    r"\s(?:by|on|at|from|am|von|mit|le|par|el|por)\b.*"
    r"|page\s\d+(?:\sof\s\d+)?|seite\s\d+(?:\svon\s\d+)?|source:.*|quelle:.*|note:.*|©.*|copyright\b.*|[-=*_]{3,}",
    re.IGNORECASE,
)


class Footer(NamedTuple):
    """The first record below a table, with which what is no row begins.

    Attributes:
        line: where it begins, as its record has it.
        cells: of that record.
        evidence: why it is taken for none of the rows, in words.
        is_sure: False where it may well be a row.
    """

    line: int
    cells: list[str]
    evidence: str
    is_sure: bool


class _Sign(NamedTuple):
    """Why a record is no row, in words, and whether that is sure."""

    words: str
    is_sure: bool


def footer_of(records: Sequence[Located], width: int) -> Footer | None:
    """What stands below the table, if anything does.

    Args:
        records: the last ones of the file, or all of them, without the header and without blank ones.
        width: cells that most rows have.
    """
    return _second_table(records, width) or _remarks(records, width)


def _remarks(records: Sequence[Located], width: int) -> Footer | None:
    """The records at the very end of which each is a total or a remark."""
    begin, sign, rows = len(records), None, _Rows.of(records, width)
    while begin and (found := _sign_of(records[begin - 1], rows)) is not None:
        begin -= 1
        sign = _Sign(found.words, found.is_sure and (sign is None or sign.is_sure))
    count = len(records) - begin
    if sign is None or count > MOST_RECORDS or count > begin:
        return None
    has_gap = _has_gap(records, begin)
    words = f"{sign.words}; it stands below a blank line" if has_gap else sign.words
    return Footer(*records[begin], words, sign.is_sure or (has_gap and width >= TELLING_WIDTH))


def _sign_of(record: Located, rows: _Rows) -> _Sign | None:
    """By what a record is known to be no row; None where it looks like one."""
    values = [cell.strip() for cell in record.cells if cell.strip()]
    is_wide, count = rows.width >= TELLING_WIDTH, len(values)
    text, first = " ".join(values), values[0].rstrip(" :") if values else ""
    if (count == 1 or len(record.cells) < rows.width) and REMARK.fullmatch(text):
        return _Sign(f"it is a remark and no row: “{text[:60]}”", is_wide)
    is_odd = count * 2 <= rows.values or not rows.fits(record)
    if TOTAL.fullmatch(COUNTED.sub("", first)) and (is_odd or count < rows.values or not is_wide):
        words = f"it begins with “{first}” and has {count:,} values, where most rows have {rows.values:,}"
        return _Sign(words, is_wide and is_odd)
    if is_wide and len(record.cells) == 1:
        return _Sign(f"it has one cell, where rows have {rows.width:,}", True)
    if is_wide and count == 1 and rows.values >= TELLING_WIDTH:
        return _Sign(f"it has one value, where most rows have {rows.values:,}", not rows.fits(record))
    return None


class _Rows(NamedTuple):
    """What most rows look like: how many cells and values they have, and of what kind those of each column are."""

    width: int
    values: int
    kinds: list[str | None]

    @classmethod
    def of(cls, records: Sequence[Located], width: int) -> _Rows:
        counts = [sum(bool(cell.strip()) for cell in record.cells) for record in records]
        return cls(width, median_high(counts) if counts else 0, column_kinds(records, width))

    def fits(self, record: Located) -> bool:
        """Whether each value may stand in its column."""
        pairs = zip(record.cells, self.kinds, strict=False)
        return all(kind in (None, "text", kind_of(cell)) for cell, kind in pairs if cell.strip())


def _second_table(records: Sequence[Located], width: int) -> Footer | None:
    """Where a table of another width or of other kinds of cells begins, below a blank line or with its header."""
    for begin in range(FEWEST_ROWS, len(records) - FEWEST_ROWS + 1):
        other, top = len(records[begin].cells), _above_titles(records, begin)
        if other == 1 or not _stays(records, begin, other) or not _was(records, top, width):
            continue
        if other != width and (_has_gap(records, top) or _is_header(records, begin)):
            words = f"from it on records have {other:,} cells instead of {width:,}: another table"
            return Footer(*records[top], words, True)
        if other == width and _has_gap(records, top) and _is_unlike(records, top, begin):
            words = "from it on, below a blank line, cells are of other kinds than above: another table"
            return Footer(*records[top], words, True)
    return None


def _above_titles(records: Sequence[Located], place: int) -> int:
    """The place of the first of the records of one cell that stand right before this one; else its own."""
    while place and len(records[place - 1].cells) == 1:
        place -= 1
    return place


def _is_unlike(records: Sequence[Located], top: int, begin: int) -> bool:
    """Whether a record is a header, and neither it nor those below it fit into the columns above `top`."""
    if not set(map(kind_of, records[begin].cells)) <= {"text", "nothing"}:
        return False
    rows = _Rows.of(records[max(0, top - MOST_RECORDS) : top], len(records[begin].cells))
    return not any(rows.fits(record) for record in records[begin : begin + FEWEST_ROWS])


def _stays(records: Sequence[Located], begin: int, width: int) -> bool:
    """Whether the records from this one on have so many cells, as many of them as a table needs."""
    return all(len(record.cells) == width for record in records[begin : begin + FEWEST_ROWS])


def _was(records: Sequence[Located], begin: int, width: int) -> bool:
    """Whether the records right before this one are rows."""
    return sum(len(record.cells) == width for record in records[begin - FEWEST_ROWS : begin]) > 1


def _has_gap(records: Sequence[Located], place: int) -> bool:
    """Whether a blank line stands before a record."""
    if place == 0:
        return False
    before = records[place - 1]
    lines = 1 + sum(cell.count("\n") for cell in before.cells)
    return records[place].line > before.line + lines


def _is_header(records: Sequence[Located], place: int) -> bool:
    """Whether a record has only names, and the one below it something else."""
    kinds = [list(map(kind_of, record.cells)) for record in records[place : place + 2]]
    return set(kinds[0]) == {"text"} and bool({"number", "date"} & set(kinds[1]))
