"""The sheets of workbooks, each to be read when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from importer.files.conversion import old_workbook, open_document
from importer.files.conversion.inflation import Budget
from importer.files.conversion.lines import ConversionLimits, Findings, Line
from importer.files.conversion.package import Package
from importer.files.conversion.shared_strings import SharedStrings
from importer.files.conversion.sheet import SheetReader, read_strings
from importer.files.conversion.sources import Source
from importer.files.conversion.workbook import open_workbook

MAX_SHEETS = 255
XLSX, ODS, XLS = "xlsx", "ods", "xls"


class Table(NamedTuple):
    """A table and how to read it.

    Attributes:
        kind: of the file that holds it, which may lie in a packed one.
    """

    name: str
    is_hidden: bool
    lines: Callable[[Findings], Iterator[Line]]
    kind: str


class ExcelSheets:
    """The sheets of an XLSX or XLSM workbook. They share the texts, which are read once, for the first of them."""

    def __init__(self, source: Source, limits: ConversionLimits, stack: ExitStack) -> None:
        self._limits = limits
        self._package = Package(stack.enter_context(source.on_disk()), Budget(source.packed_bytes, limits))
        self._workbook = open_workbook(self._package)
        self._strings = stack.enter_context(SharedStrings())
        self._are_strings_read = False

    def tables(self) -> list[Table]:
        sheets = self._workbook.sheets[:MAX_SHEETS]
        return [Table(sheet.name, sheet.is_hidden, partial(self._rows, sheet.part), XLSX) for sheet in sheets]

    def _rows(self, part: str, findings: Findings) -> Iterator[Line]:
        self._read_strings()
        workbook = self._workbook
        reader = SheetReader(self._strings, workbook.formats, self._limits, findings, is_1904=workbook.is_1904)
        with self._package.open(part) as sheet:
            yield from reader.rows(sheet)

    def _read_strings(self) -> None:
        if self._workbook.strings is not None and not self._are_strings_read:
            with self._package.open(self._workbook.strings) as texts:
                read_strings(texts, self._strings, self._limits)
        self._are_strings_read = True


def excel_sheets(source: Source, limits: ConversionLimits, stack: ExitStack) -> list[Table]:
    return ExcelSheets(source, limits, stack).tables()


def open_document_sheets(source: Source, limits: ConversionLimits, stack: ExitStack) -> list[Table]:
    file = stack.enter_context(source.on_disk())

    def rows(name: str, findings: Findings) -> Iterator[Line]:
        budget = Budget(source.packed_bytes, limits)
        with Package(file, budget).open(open_document.CONTENT) as content:
            yield from open_document.SheetRows(name, limits, findings, budget).rows(content)

    budget = Budget(source.packed_bytes, limits)
    with Package(file, budget).open(open_document.CONTENT) as content:
        sheets = list(open_document.sheets_of(content, limits, budget).items())[:MAX_SHEETS]
    return [Table(name, is_hidden, partial(rows, name), ODS) for name, is_hidden in sheets]


def old_sheets(source: Source, limits: ConversionLimits, stack: ExitStack) -> list[Table]:
    book = stack.enter_context(old_workbook.old_workbook(stack.enter_context(source.on_disk())))
    return [
        Table(sheet.name, bool(sheet.visibility), partial(old_workbook.rows_of, book, sheet, limits), XLS)
        for sheet in book.sheets()[:MAX_SHEETS]
    ]


SHEETS: dict[str, Callable[[Source, ConversionLimits, ExitStack], list[Table]]] = {
    XLSX: excel_sheets,
    ODS: open_document_sheets,
    XLS: old_sheets,
}
"""What reads the sheets of a workbook of each kind."""
