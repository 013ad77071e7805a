"""Describes files, and prints their records as they would be read: `python -m importer.files FILE …`.

It needs no database and no settings.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from importer.errors import UnknownRecordTypeError
from importer.files.fields import Field
from importer.files.inspection import inspect
from importer.record_types import RecordTypes

FEW = 20
"""So many records are printed where not all are asked for."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m importer.files", description=__doc__.partition(":")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--all", action="store_true", help=f"every record, not the first {FEW}")
    parser.add_argument("--json", action="store_true", help="one object a line for each file")
    parser.add_argument("--type", help="the record type whose fields the columns are to fill")
    chosen = parser.parse_args(arguments)
    try:
        fields = fields_of(chosen.type)
    except UnknownRecordTypeError as error:
        parser.error(error.message)
    return tell(chosen.files, tells_all=chosen.all, as_json=chosen.json, fields=fields)


def fields_of(record_type: str | None) -> Sequence[Field] | None:
    """The fields of a record type; None where none is named.

    Raises:
        UnknownRecordTypeError: naming those there are.
    """
    return RecordTypes()[record_type].fields if record_type else None


def tell(files: Sequence[Path], *, tells_all: bool, as_json: bool, fields: Sequence[Field] | None = None) -> int:
    """Print what is found in these files; return the exit status, 1 where one is refused.

    Args:
        tells_all: every record is printed, not the first `FEW`.
        as_json: one object a line for each file.
        fields: those that the columns are to fill; None: nothing is said of that.
    """
    was_refused = False
    for path in files:
        told = inspect(path, None if tells_all else FEW, fields)
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
    for fill in (told["mapping"] or {"fills": []})["fills"]:
        columns = ", ".join(told["header"][column] for column in fill["columns"])
        read = ", ".join(f"{part} {said}" for part, said in fill.get("reading", {}).items())
        print(f"  {fill['field']}: {columns} ({read})")
    for question in told["questions"]:
        print(f"  question: {question['text']} {_choices(question)}")
    for cells in (told["header"], *told["records"]):
        print("  | " + " | ".join(cell.replace("\n", "⏎") for cell in cells))


def _choices(question: dict[str, Any]) -> str:
    """The answers to choose from, the likeliest in brackets; of words what is proposed for each."""
    choices = question["choices"]
    if question["kind"] == "words":
        return " / ".join(f"{word['value']} → {word['text'] or '?'}" for word in choices)
    return f"{' / '.join(choice['value'] for choice in choices)} [{question['default']}]"


if __name__ == "__main__":
    sys.exit(main())
