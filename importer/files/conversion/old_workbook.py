"""The sheets and rows of an XLS workbook of Excel 5 to 2003, by the library xlrd.

A sheet has at most 65,536 rows of 256 cells, so it may be held in memory.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import xlrd

from importer.files.conversion.lines import ConversionLimits, Findings, Line
from importer.files.conversion.number_formats import EXACT_DIGITS, GENERAL, NumberFormat, number_format, shown
from importer.files.conversion.xml_parts import damaged
from importer.files.refusals import refusal

FAULTS = (
    xlrd.XLRDError,
    xlrd.compdoc.CompDocError,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    UnicodeError,
    ValueError,
)
"""What xlrd stumbles over where a workbook is damaged."""

LOOKED_AT_BYTES = 1024 * 1024


@contextmanager
def old_workbook(file: BinaryIO) -> Iterator[Any]:
    """The workbook in this file; refuse what is damaged, protected, or another document of Office."""
    with (
        _in_our_words(file),
        xlrd.open_workbook(file_contents=_whole(file), formatting_info=True, logfile=_Nowhere()) as book,
    ):
        yield book


def rows_of(book: Any, sheet: Any, limits: ConversionLimits, findings: Findings) -> Iterator[Line]:
    """The rows of a sheet that have any value, with their numbers in it."""
    formats = [_format(book, style) for style in book.xf_list]
    findings_of = _Cells(book, formats, limits, findings)
    for _ in sheet.merged_cells:
        findings.add("merged_cells")
    for row in range(sheet.nrows):
        cells = [findings_of.text(cell, f"row {row + 1:,}") for cell in sheet.row(row)]
        if any(cells):
            if row in sheet.rowinfo_map and sheet.rowinfo_map[row].hidden:
                findings.add("hidden_rows", f"row {row + 1:,}")
            yield Line(row + 1, cells)


class _Cells:
    """Turns cells into texts."""

    def __init__(
        self, book: Any, formats: list[NumberFormat], limits: ConversionLimits, findings: Findings
    ) -> None:
        self._is_1904 = book.datemode == 1
        self._formats = formats
        self._most = limits.max_cell_chars
        self._findings = findings

    def text(self, cell: Any, place: str) -> str:
        if cell.ctype == xlrd.XL_CELL_ERROR:
            self._findings.add("error_cells", place)
            return ""
        if cell.ctype == xlrd.XL_CELL_BOOLEAN:
            return "TRUE" if cell.value else "FALSE"
        if cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
            return self._number(cell, place)
        if len(cell.value) > self._most:
            self._findings.add("cut_cells", place)
        return str(cell.value)[: self._most + 1]

    def _number(self, cell: Any, place: str) -> str:
        if abs(cell.value) >= 10**EXACT_DIGITS:
            self._findings.add("long_numbers", place)
        style = cell.xf_index
        wanted = self._formats[style] if style is not None and style < len(self._formats) else GENERAL
        return shown(cell.value, wanted, is_1904=self._is_1904)


def _format(book: Any, style: Any) -> NumberFormat:
    found = book.format_map.get(style.format_key)
    return number_format(found.format_str) if found is not None else GENERAL


def _whole(file: BinaryIO) -> bytes:
    file.seek(0, os.SEEK_SET)
    return file.read()


@contextmanager
def _in_our_words(file: BinaryIO) -> Iterator[None]:
    try:
        yield
    except FAULTS as error:
        file.seek(0)
        beginning = file.read(LOOKED_AT_BYTES)
        if "encrypted" in str(error) or "EncryptedPackage".encode("utf-16-le") in beginning:
            raise refusal("encrypted") from error
        if "WordDocument".encode("utf-16-le") in beginning or "Can't find workbook" in str(error):
            raise refusal("office_document") from error
        raise damaged(f"it cannot be read ({type(error).__name__})") from error


class _Nowhere:
    """Takes what xlrd would print."""

    def write(self, text: str) -> None:
        """Nothing is told by it that is not told by an exception."""

    def flush(self) -> None:
        """Nothing is held."""
