"""Makes workbooks as the tests need them: an XLSX of written XML, an ODS, archives."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
ODF = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"))
)


def zipped(members: Mapping[str, str | bytes]) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    file.seek(0)
    return file


def xlsx(
    *rows: str,
    strings: str = "",
    formats: tuple[str, ...] = (),
    before: str = "",
    after: str = "",
    is_1904: bool = False,
    sheets: tuple[tuple[str, str, str], ...] = (),
) -> io.BytesIO:
    """A workbook of one sheet with these rows in XML; style `n` of its cells has the n-th of these formats.

    Args:
        before, after: what stands around the rows in the sheet's part.
        sheets: further ones, each with its name, its state and its rows in XML.
    """
    every = [("Sheet1", "visible", "".join(rows)), *sheets]
    codes = "".join(f'<numFmt numFmtId="{200 + n}" formatCode="{code}"/>' for n, code in enumerate(formats))
    styles = "".join(f'<xf numFmtId="{200 + n}"/>' for n in range(len(formats)))
    listed = "".join(
        f'<sheet name="{name}" state="{state}" sheetId="{n}" r:id="s{n}"/>'
        for n, (name, state, _) in enumerate(every)
    )
    related = "".join(
        f'<Relationship Id="s{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(len(every))
    )
    members = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
        f'<workbookPr date1904="{int(is_1904)}"/><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{RELATIONS}">{related}'
        f'<Relationship Id="t" Type="{OFFICE}/styles" Target="/xl/styles.xml"/>'
        f'<Relationship Id="u" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts>{codes}</numFmts>'
        f"<cellXfs>{styles}</cellXfs></styleSheet>",
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{strings}</sst>',
    }
    for n, (_, _, content) in enumerate(every):
        around = (before, after) if n == 0 else ("", "")
        members[f"xl/worksheets/sheet{n}.xml"] = (
            f'<worksheet xmlns="{MAIN}">{around[0]}<sheetData>{content}</sheetData>{around[1]}</worksheet>'
        )
    return zipped(members)


def ods(*rows: str, before: str = "", more: str = "") -> io.BytesIO:
    """A spreadsheet of one sheet with these rows in XML, and more sheets."""
    content = (
        f"<office:document-content {ODF}>{before}<office:body><office:spreadsheet>"
        f'<table:table table:name="Sheet1">{"".join(rows)}</table:table>{more}'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})
