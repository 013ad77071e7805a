"""The values in a text of JSON, one after the other: of a list, of lists within an object, or of lines."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from importer.errors import RefusedFileError
from importer.files.refusals import refusal

LONGEST_VALUE = 8 * 1024 * 1024
"""Characters; one value is held in memory whole."""

BLANKS = re.compile(r"[ \t\r\n]*")
COMMENT = re.compile(r"//|/\*|#")
CLOSED_BEHIND_COMMA = re.compile(r",[ \t\r\n]*\Z")
CUT_BY = 12
"""A value that ends with the text read so far makes an error so near its end: `fals`, `\\u00e`."""

COMMENT_FOUND = "a comment stands there, and JSON has none; remove all comments"
COMMA_AT_END = "a comma stands before a closing bracket; remove it"
COMMA_MISSING = "a comma is missing between two values"


class Number(str):
    """A number by its source text: a float would lose digits."""


class Value(NamedTuple):
    """A value of the file.

    Attributes:
        line: where it begins, from 1.
        value: what it is; a text of the line where it is no JSON.
        is_object: whether it is one.
        is_repeated: whether an object in it has a name twice.
        size: in characters.
    """

    line: int
    value: Any
    is_object: bool
    is_repeated: bool
    size: int


class NoValueError(Exception):
    """What stands next is no JSON; the problem in words."""


class JsonText:
    """A text that is taken value by value; little more than one of them is held.

    Args:
        pieces: of the text.
    """

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces = iter(pieces)
        self._text = ""
        self._at = self._begin = 0
        self._line = 1
        self._is_repeated = False
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_float=Number, parse_int=Number, parse_constant=Number
        )

    def peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            found = BLANKS.match(self._text, self._at)
            end = found.end() if found else self._at
            if end < len(self._text) or not self._read_on():
                break
        self._line += self._text.count("\n", self._at, end)
        self._at = end
        return self._text[end : end + 1]

    def skip(self) -> None:
        """Pass over the character that `peek` gave."""
        self._at += 1

    def value(self) -> Value:
        """The next value.

        Raises:
            RefusedFileError: there is none.
        """
        try:
            return self._located(self._decoded())
        except NoValueError as error:
            raise self.refuse(str(error)) from error

    def value_or_line(self) -> Value:
        """The next value; where none is, the rest of the line, which is no JSON."""
        try:
            return self._located(self._decoded())
        except NoValueError:
            return self._located(self._rest_of_line())

    def refuse(self, problem: str) -> RefusedFileError:
        """The refusal of the file for what is wrong from here on."""
        if COMMENT.match(self._text, self._at):
            problem = COMMENT_FOUND
        return refusal("damaged_json", line=self._line, problem=problem)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        self._is_repeated |= len(made) != len(pairs)
        return made

    def _located(self, value: Any) -> Value:
        is_object, is_repeated = isinstance(value, dict), self._is_repeated
        found = Value(self._line, value, is_object, is_repeated, self._at - self._begin)
        self._line += self._text.count("\n", self._begin, self._at)
        self._is_repeated = False
        return found

    def _decoded(self) -> Any:
        while True:
            self._begin = self._at
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._may_be_cut(error) and self._read_on():
                    continue
                raise NoValueError(_in_words(error)) from error
            except RecursionError as error:
                raise NoValueError("it is nested too deeply") from error
            if end < len(self._text) or not self._read_on():
                self._at = end
                return value

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or error.pos + CUT_BY >= len(self._text)

    def _rest_of_line(self) -> str:
        while (end := self._text.find("\n", self._at)) < 0 and self._read_on():
            pass
        self._begin = self._at
        line = self._text[self._at : end if end >= 0 else len(self._text)]
        self._at += len(line)
        return line.rstrip("\r")

    def _read_on(self) -> bool:
        """Read as much again as there is, and forget what is read; say whether there was more."""
        if len(self._text) - self._at > LONGEST_VALUE:
            raise self.refuse(f"an object is longer than {LONGEST_VALUE:,} characters")
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


def _in_words(error: json.JSONDecodeError) -> str:
    """What is wrong: with words of our own for what people write who take JSON for JavaScript."""
    if COMMENT.match(error.doc, error.pos):
        return COMMENT_FOUND
    is_closed = error.doc[error.pos : error.pos + 1] in ("}", "]")
    if "trailing comma" in error.msg or (is_closed and CLOSED_BEHIND_COMMA.search(error.doc, 0, error.pos)):
        return COMMA_AT_END
    return error.msg


def values_of_lines(text: JsonText) -> Iterator[Value]:
    """The values that follow each other; a line that is no JSON is a value that is no object."""
    while text.peek():
        yield text.value_or_line()


def values_of_list(text: JsonText) -> Iterator[Value]:
    """The values of the one list of a file.

    Raises:
        RefusedFileError: it cannot be read on, or something follows it.
    """
    yield from _elements(text)
    _require_end(text)


def values_of_list_named(text: JsonText, name: str) -> Iterator[Value]:
    """The values of one of the lists in the object that a file holds.

    Raises:
        RefusedFileError: as `values_of_list` does.
    """
    for found, values in _lists(text):
        if found == name:
            yield from values
    _require_end(text)


def names_of_lists(text: JsonText) -> list[str]:
    """What the lists of objects in the object are called that a file holds; it is read to its end.

    Raises:
        RefusedFileError: as `values_of_list` does, and where two have the same name.
    """
    names: list[str] = []
    for name, _ in _lists(text):
        if name in names:
            raise text.refuse(f"a second list is called {name[:60]!r}")
        names.append(name)
    _require_end(text)
    return names


def _lists(text: JsonText) -> Iterator[tuple[str, Iterator[Value]]]:
    """The lists that begin with an object; what is not taken of one is passed over."""
    for _ in _parts(text, "{}", "object"):
        if text.peek() != '"':
            raise text.refuse("a name in quotes is missing")
        name = text.value().value
        if text.peek() != ":":
            raise text.refuse("a colon is missing behind a name")
        text.skip()
        if text.peek() != "[":
            text.value()
            continue
        values = _elements(text)
        first = next(values, None)
        if first is not None and first.is_object:
            yield name, chain([first], values)
        deque(values, maxlen=0)


def _elements(text: JsonText) -> Iterator[Value]:
    """The values of the list that begins here."""
    return (text.value() for _ in _parts(text, "[]", "list"))


def _parts(text: JsonText, brackets: str, called: str) -> Iterator[None]:
    """Pass over brackets and commas; each time a part stands next, which is to be taken.

    Args:
        brackets: the one that stands next, and the one that ends it.
        called: what they are around.
    """
    end = brackets[1]
    if text.peek() != brackets[0]:
        raise text.refuse(f"no {called} begins there")
    text.skip()
    sign = text.peek()
    while sign != end:
        if not sign:
            raise text.refuse(f"the {called} does not end")
        yield
        sign = text.peek()
        if sign == ",":
            text.skip()
            sign = text.peek()
            if sign == end:
                raise text.refuse(COMMA_AT_END)
        elif sign and sign != end:
            raise text.refuse(COMMA_MISSING)
    text.skip()


def _require_end(text: JsonText) -> None:
    if text.peek():
        raise text.refuse("something follows what should be all of the file")
