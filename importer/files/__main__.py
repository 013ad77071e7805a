"""Describes files, and prints their records as they would be read: `python -m importer.files FILE …`.

It needs no database and no settings.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from importer.files.detection import Described, describe
from importer.files.samples import take
from importer.files.text_lines import CHUNK_BYTES, lines_of, pieces_of_text
from importer.files.text_records import TextRecord, TextRecords

FEW = 20
"""So many records are printed where not all are asked for."""


def records_of(source: BinaryIO, described: Described) -> Iterator[TextRecord]:
    """The rows of a file, from its beginning; blank rows are none."""
    profile = described.profile
    source.seek(0)
    chunks = iter(lambda: source.read(CHUNK_BYTES), b"")
    lines = lines_of(pieces_of_text(chunks, profile.encoding, profile.mark), profile.line_end)
    records = TextRecords(lines, profile.dialect, profile.width)
    for record in records:
        if profile.rows_line is None or record.line < profile.rows_line:
            continue
        if any(cell.strip() for cell in record.cells):
            yield record


def inspect(path: Path, most: int | None) -> dict[str, Any]:
    """What is printed of one file."""
    with path.open("rb") as source:
        size = source.seek(0, 2)

        def read(offset: int, count: int) -> bytes:
            source.seek(offset)
            return source.read(count)

        described = describe(take(read, size))
        rows = list(islice(records_of(source, described), most))
    return {
        "file": str(path),
        "profile": described.profile.as_json(),
        "evidence": described.evidence,
        "warnings": described.warnings
        + [f"line {row.line:,}: {row.problem}" for row in rows if row.problem][:100],
        "questions": [question.as_json() for question in described.questions],
        "header": described.header,
        "records": [row.cells for row in rows],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m importer.files", description=__doc__.partition(":")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--all", action="store_true", help=f"every record, not the first {FEW}")
    parser.add_argument("--json", action="store_true", help="one object a line for each file")
    chosen = parser.parse_args(arguments)
    for path in chosen.files:
        told = inspect(path, None if chosen.all else FEW)
        if chosen.json:
            print(json.dumps(told, ensure_ascii=True))
        else:
            _print(told)
    return 0


def _print(told: dict[str, Any]) -> None:
    print(told["file"])
    for part, words in told["evidence"].items():
        print(f"  {part}: {words}")
    for warning in told["warnings"]:
        print(f"  warning: {warning}")
    for question in told["questions"]:
        print(f"  question: {question['text']} {' / '.join(question['choices'])} [{question['default']}]")
    for cells in (told["header"], *told["records"]):
        print("  | " + " | ".join(cell.replace("\n", "⏎") for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
