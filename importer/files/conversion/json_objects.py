"""JSON lines, and a JSON array of objects: a row for each object, a column for each of their names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from importer.files.conversion.lines import ConversionLimits, Findings, Line
from importer.files.refusals import refusal

OBJECTS_LOOKED_AT = 2_000
CHARACTERS_LOOKED_AT = 8 * 1024 * 1024
"""The names are taken from so many of the first objects, which are kept in memory meanwhile."""

LONGEST_OBJECT = 8 * 1024 * 1024
"""Characters; one object is held in memory whole."""

BLANKS = re.compile(r"[ \t\r\n]*")
BETWEEN = re.compile(r"[ \t\r\n]*(?:,[ \t\r\n]*)?")
CUT_BY = 12
"""A value that ends with the text read so far makes an error so near its end: `fals`, `\\u00e`."""


class Number(str):
    """A number by its source text: a float would lose digits."""


class Value(NamedTuple):
    """A value of the file.

    Attributes:
        line: where it begins, from 1.
        value: what it is; a text of the line where it is no JSON.
        is_object: whether it is one.
        size: in characters.
    """

    line: int
    value: Any
    is_object: bool
    size: int


def json_lines_of(
    pieces: Iterable[str], *, is_list: bool, limits: ConversionLimits, findings: Findings
) -> Iterator[Line]:
    """A header with the names of the objects in the order in which they appear, and a line for each object.

    Args:
        pieces: of the text.
        is_list: whether the objects stand in one array; else one follows the other.

    Raises:
        RefusedFileError: it holds no object, or cannot be read on.
    """
    values = Values(pieces, findings, is_list=is_list).read()
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
        if not value.is_object:
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


class Values:
    """Reads one value after the other, and holds little more than one of them."""

    def __init__(self, pieces: Iterable[str], findings: Findings, *, is_list: bool) -> None:
        self._pieces = iter(pieces)
        self._findings = findings
        self._is_list = is_list
        self._text = ""
        self._at = self._begin = 0
        self._line = 1
        self._is_over = False
        self._is_repeated = False
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_float=Number, parse_int=Number, parse_constant=Number
        )

    def read(self) -> Iterator[Value]:
        """The values; a line that is no JSON is one that is no object."""
        if self._is_list:
            self._pass(BLANKS)
            self._at += 1  # the bracket, by which the kind was told
        while self._has_next():
            line, value = self._line, self._next()
            self._line += self._text.count("\n", self._begin, self._at)
            if self._is_repeated:
                self._is_repeated = False
                self._findings.add("repeated_keys", f"line {line:,}")
            if not isinstance(value, dict):
                self._findings.add("other_values", f"line {line:,}")
            yield Value(line, value, isinstance(value, dict), self._at - self._begin)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        self._is_repeated |= len(made) != len(pairs)
        return made

    def _has_next(self) -> bool:
        self._pass(BETWEEN if self._is_list else BLANKS)
        if self._at == len(self._text):
            if self._is_list:
                raise self._refuse("the list does not end")
            return False
        if not self._is_list or self._text[self._at] != "]":
            return True
        self._at += 1
        self._pass(BLANKS)
        if self._at < len(self._text):
            raise self._refuse("something follows the list")
        return False

    def _pass(self, pattern: re.Pattern[str]) -> None:
        """Pass over what stands between values; there may be more of it in the next pieces."""
        while True:
            found = pattern.match(self._text, self._at)
            end = found.end() if found else self._at
            if end < len(self._text) or not self._read_on():
                break
        self._line += self._text.count("\n", self._at, end)
        self._at = end

    def _next(self) -> Any:
        while True:
            self._begin = self._at
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._may_be_cut(error) and self._read_on():
                    continue
                return self._no_json(error.msg)
            except RecursionError:
                return self._no_json("it is nested too deeply")
            if end < len(self._text) or not self._read_on():
                self._at = end
                return value

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or error.pos + CUT_BY >= len(self._text)

    def _no_json(self, problem: str) -> str:
        """The line that is no JSON; after it reading goes on, which within a list it cannot."""
        if self._is_list:
            raise self._refuse(problem)
        while (end := self._text.find("\n", self._at)) < 0 and self._read_on():
            pass
        self._begin = self._at
        line = self._text[self._at : end if end >= 0 else len(self._text)]
        self._at += len(line)
        return line.rstrip("\r")

    def _read_on(self) -> bool:
        """Read as much again as there is, and forget what is read; say whether there was more."""
        if len(self._text) - self._at > LONGEST_OBJECT:
            raise self._refuse(f"an object is longer than {LONGEST_OBJECT:,} characters")
        rest = self._text[self._at :]
        more, wanted = [], max(len(rest), 1)
        for piece in self._pieces:
            more.append(piece)
            wanted -= len(piece)
            if wanted <= 0:
                break
        if not any(more):
            return False
        self._text, self._at = rest + "".join(more), 0
        return True

    def _refuse(self, problem: str) -> Exception:
        return refusal("damaged_json", line=self._line, problem=problem)
