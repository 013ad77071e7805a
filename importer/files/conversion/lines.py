"""What a conversion makes: a line for each record, and what a person is to be told about the file."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

CONVERTER_VERSION = 2
"""Of what is made of a file; it grows with every change of that, for a converted object belongs to one version."""

FINDINGS: dict[str, str] = {
    "hidden_sheets": "{count:,} hidden sheets are left out: {example}.",
    "hidden_rows": "{count:,} hidden rows are imported like all others, {example} first.",
    "hidden_columns": "{count:,} hidden columns are read like all others.",
    "merged_cells": "{count:,} areas of merged cells: the value stands in the first cell of each, the others are"
    " empty.",
    "error_cells": "{count:,} cells hold an error such as #REF! and are read as empty, {example} first.",
    "unknown_formulas": "{count:,} formulas have no stored value and are read as empty, {example} first. Open the"
    " file in a spreadsheet, and save it.",
    "long_numbers": "{count:,} numbers have more than 15 digits, {example} first. Spreadsheets have replaced their"
    " last digits by zeros; such numbers must be written as text.",
    "cut_cells": "{count:,} cells are longer than a cell may be, {example} first; their rows fail.",
    "carriage_returns": "{count:,} line breaks inside cells were carriage returns, {example} first; they are read"
    " as line feeds.",
    "nested_values": "{count:,} cells hold lists or objects, {example} first. They are read as JSON text.",
    "late_keys": "{count:,} values have a name that none of the first objects has, and are left out: {example}"
    " first.",
    "repeated_keys": "{count:,} objects have a name twice, {example} first; its last value is read.",
    "other_values": "{count:,} values in the list are no objects; their rows fail, {example} first.",
    "other_tables": "{count:,} smaller tables of the page are left out.",
}
"""What may be told about a file: its code, and the words."""


@dataclass
class Findings:
    """What is found of a file while its lines are taken.

    Attributes:
        counts: by code, how often there is what a person is to be told.
        examples: the first one of each.
        kind: of the file that holds the table, which may lie in a packed one; empty before the first line.
    """

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    kind: str = ""

    def add(self, code: str, example: str = "", count: int = 1) -> None:
        """Count something of this code, one of `FINDINGS`."""
        if code not in self.counts:
            self.examples[code] = example
        self.counts[code] += count

    def in_words(self) -> list[str]:
        """One sentence for each code that was counted."""
        return [
            FINDINGS[code].format(count=count, example=self.examples[code]) for code, count in self.counts.items()
        ]


@dataclass(frozen=True)
class ConversionLimits:
    """What a conversion keeps to, whatever the file claims about itself.

    Attributes:
        max_cell_chars: characters of a cell. A longer one is cut to one more, which its reader fails.
        max_record_bytes: bytes of a line. A longer record is cut, and fails.
        max_unpacked_bytes: bytes of everything that is unpacked.
        max_ratio: so many times its own size a file may unpack to. What people pack shrinks to
            a fifth or a thirtieth, a table of the same row again and again to a hundredth; bombs to a thousandth.
        free_bytes: so much may be unpacked whatever the ratio.
    """

    max_cell_chars: int = 32_768
    max_record_bytes: int = 1024 * 1024
    max_unpacked_bytes: int = 50 * 1024**3
    max_ratio: int = 200
    free_bytes: int = 64 * 1024**2


class Line(NamedTuple):
    """One record of a converted file.

    Attributes:
        place: physical line, or row of the sheet, in the original; from 1. 0 where names of JSON are the header.
        cells: as a person sees them; empty cells are empty texts.
        problem: code of what is wrong with the record, None where nothing is.
        last_line: where the problem ends, 0 where it has no end.
    """

    place: int
    cells: list[str]
    problem: str | None = None
    last_line: int = 0

    def encode(self) -> bytes:
        """The line as it is stored: a JSON array of place and cells, with the problem, if any, behind them."""
        items: list[object] = [self.place, *self.cells]
        if self.problem is not None:
            items.append({"problem": self.problem, "last_line": self.last_line})
        return ENCODE(items).encode("utf-8", "surrogatepass") + b"\n"


ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
