"""Describes files, and prints their records as they would be read: `python -m importer.files FILE …`.

It needs no database and no settings.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, BinaryIO

from importer.errors import RefusedFileError
from importer.files.conversion.inspection import inspect_converted
from importer.files.conversion.sources import CONVERTED
from importer.files.conversion.transcoding import chunks_of
from importer.files.csv_reader import Record
from importer.files.detection import Described, describe
from importer.files.kinds import TEXT, kind_of
from importer.files.refusals import refusal
from importer.files.samples import HEAD_BYTES, Sample, take
from importer.files.text_records import records_of_text

FEW = 20
"""So many records are printed where not all are asked for."""

MOST_FAULTS = 100


def records_of(source: BinaryIO, described: Described) -> Iterator[Record]:
    """The rows of a text, from its beginning to what is surely no part of the table."""
    source.seek(0)
    profile, footer = described.profile, described.footer
    header = described.header if profile.header_line else ()
    records = records_of_text(chunks_of(source), profile, header)
    if footer is None or not footer.is_sure:
        return records
    return takewhile(lambda record: record.line_number < footer.line, records)


def inspect(path: Path, most: int | None) -> dict[str, Any]:
    """What is printed of one file; of so many of its records, or of all."""
    try:
        with path.open("rb") as source:
            kind = kind_of(source.read(HEAD_BYTES))
            if kind in CONVERTED:
                return inspect_converted(path, kind, most)
            if kind != TEXT:
                raise refusal(kind)
            described = describe(_sample(source))
            rows = list(islice(records_of(source, described), most))
    except RefusedFileError as error:
        return {"file": str(path), "refused": {"code": error.code, "message": error.message}}
    except OSError as error:
        return {"file": str(path), "refused": {"code": "not_opened", "message": f"It cannot be opened: {error}."}}
    faults = [words for row in rows if (words := _fault_of(row, described.profile.width))]
    return {
        "file": str(path),
        "profile": {"container": None, **described.profile.as_json()},
        "evidence": described.evidence,
        "warnings": described.warnings + faults[:MOST_FAULTS],
        "questions": [question.as_json() for question in described.questions],
        "header": described.header,
        "records": [row.cells for row in rows if not is_no_row(row)],
        "mapping": None,
    }


def is_no_row(row: Record) -> bool:
    """Whether a record is taken for something else than a row: it is told, and not printed."""
    return row.problem is not None and row.problem.code in ("too_few_cells", "repeated_header")


def _fault_of(row: Record, width: int) -> str:
    """What is wrong with a row, in words, and where; nothing where it is sound."""
    if row.problem is None:
        found = len(row.cells)
        missing = f"cells {found + 1:,} to {width:,} are" if found < width - 1 else f"cell {width:,} is"
        return f"line {row.line_number:,}: {missing} missing, and taken for empty." if found < width else ""
    column = "" if row.problem.column is None else f", column {row.problem.column + 1:,}"
    return f"line {row.line_number:,}{column}: {row.problem.message}"


def _sample(source: BinaryIO) -> Sample:
    def read(offset: int, count: int) -> bytes:
        source.seek(offset)
        return source.read(count)

    return take(read, source.seek(0, 2))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m importer.files", description=__doc__.partition(":")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--all", action="store_true", help=f"every record, not the first {FEW}")
    parser.add_argument("--json", action="store_true", help="one object a line for each file")
    chosen = parser.parse_args(arguments)
    return tell(chosen.files, tells_all=chosen.all, as_json=chosen.json)


def tell(files: Sequence[Path], *, tells_all: bool, as_json: bool) -> int:
    """Print what is found in these files; return the exit status, 1 where one is refused.

    Args:
        tells_all: every record is printed, not the first `FEW`.
        as_json: one object a line for each file.
    """
    was_refused = False
    for path in files:
        told = inspect(path, None if tells_all else FEW)
        was_refused |= "refused" in told
        if as_json:
            print(json.dumps(told))
        else:
            _print(told)
    return 1 if was_refused else 0


def _print(told: dict[str, Any]) -> None:
    print(told["file"])
    if "refused" in told:
        print(f"  refused: {told['refused']['message']}")
        return
    for part, words in told["evidence"].items():
        print(f"  {part}: {words}")
    for warning in told["warnings"]:
        print(f"  warning: {warning}")
    for question in told["questions"]:
        choices = " / ".join(choice["value"] for choice in question["choices"])
        print(f"  question: {question['text']} {choices} [{question['default']}]")
    for cells in (told["header"], *told["records"]):
        print("  | " + " | ".join(cell.replace("\n", "⏎") for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
