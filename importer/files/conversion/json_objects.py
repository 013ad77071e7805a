"""The objects in a file of JSON as lines: a row for each of them, a column for each of their names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from importer.files.conversion.json_values import Number, Value
from importer.files.conversion.lines import ConversionLimits, Findings, Line
from importer.files.refusals import refusal

OBJECTS_LOOKED_AT = 2_000
CHARACTERS_LOOKED_AT = 8 * 1024 * 1024
"""The names are taken from so many of the first objects, which are kept in memory meanwhile."""


def json_lines_of(values: Iterator[Value], *, limits: ConversionLimits, findings: Findings) -> Iterator[Line]:
    """A header with the names of the objects in the order in which they appear, and a line for each value.

    Raises:
        RefusedFileError: there is no object, or the file cannot be read on.
    """
    first: list[Value] = []
    size = 0
    for value in values:
        first.append(value)
        size += value.size
        if len(first) == OBJECTS_LOOKED_AT or size > CHARACTERS_LOOKED_AT:
            break
    names = list(dict.fromkeys(name for value in first if value.is_object for name in value.value))
    if not names:
        raise refusal("no_table", found="no object with names and values")
    yield Line(0, names)
    rows = _Rows(names, limits, findings)
    for value in chain(first, values):
        yield rows.line(value)


class _Rows:
    """Makes lines of values."""

    def __init__(self, names: list[str], limits: ConversionLimits, findings: Findings) -> None:
        self._names = names
        self._known = frozenset(names)
        self._limits = limits
        self._findings = findings

    def line(self, value: Value) -> Line:
        if value.is_repeated:
            self._findings.add("repeated_keys", f"line {value.line:,}")
        if not value.is_object:
            self._findings.add("other_values", f"line {value.line:,}")
            text = value.value if isinstance(value.value, str) else compact(value.value)
            return Line(value.line, [text[: self._limits.max_cell_chars]], "not_an_object")
        late = value.value.keys() - self._known
        if late:
            self._findings.add("late_keys", f"line {value.line:,}", len(late))
        cells = [self._cell(value.value.get(name), value.line) for name in self._names]
        is_long = value.size > self._limits.max_record_bytes
        return Line(value.line, cells, "record_too_long" if is_long else None)

    def _cell(self, value: Any, line: int) -> str:
        if value is None:
            return ""
        if isinstance(value, dict | list):
            self._findings.add("nested_values", f"line {line:,}")
        text: str = value if isinstance(value, str) else compact(value)
        if len(text) > self._limits.max_cell_chars:
            self._findings.add("cut_cells", f"line {line:,}")
            return text[: self._limits.max_cell_chars + 1]
        return text


def compact(value: Any) -> str:
    """A value as JSON, without blanks and with its numbers as they are written in the file."""
    if isinstance(value, Number):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return (
            "{"
            + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{compact(v)}" for name, v in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
