"""What an XLSX or XLSM workbook says of itself: its sheets, the formats of its cells, when its dates begin.

Source: ECMA-376 part 1 (SpreadsheetML), part 2 (relationships).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from importer.files.conversion.number_formats import BUILT_IN, GENERAL, NumberFormat, number_format
from importer.files.conversion.package import Package
from importer.files.conversion.xml_parts import Attributes, LocalNames, damaged, parsed
from importer.files.refusals import refusal

MAX_STYLES = 100_000
"""A workbook may have 65,490 (Excel's specifications and limits)."""

TRUE = ("1", "true", "on")
VISIBLE = ("", "visible")


class Sheet(NamedTuple):
    """A sheet: its name, where its part is, and whether it is hidden."""

    name: str
    part: str
    is_hidden: bool


@dataclass(frozen=True)
class Workbook:
    """A workbook without the contents of its sheets.

    Attributes:
        formats: of each style, by its number.
        strings: the part with the shared texts, None where there is none.
    """

    sheets: list[Sheet]
    formats: list[NumberFormat]
    is_1904: bool
    strings: str | None


def open_workbook(package: Package) -> Workbook:
    """Read what a workbook says of itself.

    Raises:
        RefusedFileError: it is damaged, or of a kind that is not read.
    """
    main = _main_part(package)
    related = _related(package, main)
    sheets: list[Sheet] = []
    systems: list[bool] = []
    local = LocalNames()

    def start(name: str, attributes: Attributes) -> None:
        if local[name] == "sheet":
            part, kind = related.get(_by_local_name(attributes, "id"), ("", ""))
            if kind == "worksheet":
                sheets.append(Sheet(attributes.get("name", ""), part, attributes.get("state", "") not in VISIBLE))
        elif local[name] == "workbookPr":
            systems.append(attributes.get("date1904", "") in TRUE)

    _read(package, main, start)
    by_kind = {kind: part for part, kind in related.values()}
    styles = by_kind.get("styles")
    formats = _formats(package, styles) if styles is not None and styles in package else []
    strings = by_kind.get("sharedStrings")
    return Workbook(sheets, formats, any(systems), strings if strings and strings in package else None)


def _main_part(package: Package) -> str:
    found = [part for part, kind in _related(package, "").values() if kind == "officeDocument"]
    main = found[0] if found else "xl/workbook.xml"
    if main.endswith(".bin"):
        raise refusal("xlsb")
    return main


def _related(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """The parts that a part refers to: by their id, name and kind."""
    folder, name = posixpath.split(part)
    relations = posixpath.join(folder, "_rels", f"{name}.rels")
    found: dict[str, tuple[str, str]] = {}
    local = LocalNames()

    def start(name: str, attributes: Attributes) -> None:
        if local[name] == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
            found[attributes.get("Id", "")] = target.lstrip("/"), attributes.get("Type", "").rpartition("/")[2]

    if relations in package:
        _read(package, relations, start)
    return found


def _formats(package: Package, part: str) -> list[NumberFormat]:
    codes = {number: number_format(code) for number, code in BUILT_IN.items()}
    formats: list[NumberFormat] = []
    inside: list[str] = []
    local = LocalNames()

    def start(name: str, attributes: Attributes) -> None:
        inside.append(local[name])
        if inside[-1] == "numFmt":
            codes[_number(attributes.get("numFmtId"))] = number_format(attributes.get("formatCode", ""))
        elif inside[-2:] == ["cellXfs", "xf"]:
            formats.append(codes.get(_number(attributes.get("numFmtId")), GENERAL))
            if len(formats) > MAX_STYLES:
                raise damaged(f"it has more than {MAX_STYLES:,} styles")

    _read(package, part, start, lambda _: inside.pop())
    return formats


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() else 0


def _by_local_name(attributes: Attributes, wanted: str) -> str:
    return next((value for name, value in attributes.items() if name.rpartition(":")[2] == wanted), "")


def _read(
    package: Package,
    part: str,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], object] | None = None,
) -> None:
    with package.open(part) as source:
        for _ in parsed(source, start, end):
            pass
