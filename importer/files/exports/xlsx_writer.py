"""Rows as an XLSX workbook, written as a stream into a ZIP archive that nobody seeks in: memory stays flat.

Every cell is a text in the format of texts, so zeros stay and nothing is run. What a sheet cannot hold goes on in
another one (ECMA-376 part 1).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import IO
from xml.sax.saxutils import escape

from importer.files.exports.safe_cells import cut_to_cell

ROWS_PER_SHEET = 1_048_576
"""The header among them (Excel's specifications and limits)."""

BYTES_PER_SHEET = 1_500_000_000
"""Of XML. Beyond 2 GB the archive would need an extension of the format that Excel does not read in a stream."""

PIECE_BYTES = 64 * 1024

UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
"""Characters that XML does not have or reads as others, and what would be taken for the escape of one."""

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

FROZEN = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
"""The first row stays where it is while one scrolls."""

SHEET_BEGINS = (
    f'{XML}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">%s</sheetView></sheetViews>'
    '<cols><col min="1" max="16384" width="16" style="1" customWidth="1"/></cols><sheetData>'
)
SHEET_ENDS = "</sheetData></worksheet>"

STYLES = (
    f'{XML}<styleSheet xmlns="{MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill'
    ' patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1">'
    '<border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/>'
    '<xf numFmtId="49" applyNumberFormat="1"/><xf numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
TEXT, HEADER = 1, 2
"""Places in the list of styles: texts, and texts in bold."""

ROOT = (
    f'{XML}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1"'
    f' Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)


def xlsx_of(names: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The bytes of the workbook, piece by piece, the first ones before any row is asked for.

    Args:
        names: the first line of each sheet; empty: there is none.
        rows: their cells, already safe for spreadsheets. Of a longer cell the first 32,767 units are written.
    """
    pieces = _Pieces()
    waiting = iter(rows)
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        row: Sequence[str] | None = ()
        sheets = 0
        while row is not None:
            sheets += 1
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w") as sheet:
                row = yield from _write_sheet(sheet, pieces, names, row, waiting)
        for name, content in _other_parts(sheets):
            archive.writestr(name, content)
    yield pieces.take()


class _Pieces(io.RawIOBase):
    """What a ZIP archive is written to: it can only be written on, and is taken away piece by piece."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self._kept += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._kept)
        self._kept.clear()
        return taken


def _write_sheet(
    sheet: IO[bytes],
    pieces: _Pieces,
    names: Sequence[str],
    row: Sequence[str] | None,
    waiting: Iterator[Sequence[str]],
) -> Generator[bytes, None, Sequence[str] | None]:
    """Write as many rows as a sheet holds; return the first one that it does not."""
    buffer, used, size = bytearray(_top(names).encode()), 1 if names else 0, 0
    yield pieces.take()
    row = row or next(waiting, None)
    while row is not None and used < ROWS_PER_SHEET and size < BYTES_PER_SHEET:
        buffer += _row(row, TEXT).encode()
        used += 1
        if len(buffer) >= PIECE_BYTES:
            size += sheet.write(buffer)
            buffer.clear()
            yield pieces.take()
        row = next(waiting, None)
    sheet.write(buffer + SHEET_ENDS.encode())
    return row


def _top(names: Sequence[str]) -> str:
    """What a sheet begins with."""
    return SHEET_BEGINS % FROZEN + _row(names, HEADER) if names else SHEET_BEGINS % ""


def _row(cells: Sequence[str], style: int) -> str:
    return f"<row>{''.join([_cell(cell, style) for cell in cells])}</row>"


def _cell(cell: str, style: int) -> str:
    if not cell:
        return f'<c s="{style}"/>'
    text = escape(UNWRITABLE.sub(_escaped, cut_to_cell(cell)))
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _escaped(found: re.Match[str]) -> str:
    """As the format writes a character: `_x000D_` (part 1, 22.4.2.4)."""
    return f"_x{ord(found[0]):04X}_"


def _other_parts(sheets: int) -> Iterator[tuple[str, str]]:
    """What makes sheets a workbook, by the names of the parts; it is known once all of them are written."""
    numbers = range(1, sheets + 1)
    listed = "".join(f'<sheet name="Sheet{n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    begins = f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
    yield "xl/workbook.xml", f"{begins}<sheets>{listed}</sheets></workbook>"
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    styles = f'<Relationship Id="rId{sheets + 1}" Type="{OFFICE}/styles" Target="styles.xml"/>'
    yield (
        "xl/_rels/workbook.xml.rels",
        f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{related}{styles}</Relationships>',
    )
    yield "xl/styles.xml", STYLES
    yield "_rels/.rels", ROOT
    kinds = [("workbook", "sheet.main"), ("styles", "styles")]
    kinds += [(f"worksheets/sheet{n}", "worksheet") for n in numbers]
    overridden = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{TYPE}.{kind}+xml"/>' for part, kind in kinds
    )
    yield (
        "[Content_Types].xml",
        f'{XML}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels"'
        f' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{overridden}</Types>',
    )
