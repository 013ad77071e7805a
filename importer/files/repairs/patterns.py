"""Find and replace by pattern, in a time that grows with the cell alone.

RE2 goes over a cell once, whatever the pattern. Python's own `re` may take years over 40 characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import re2

from importer.errors import RuleError

MOST_PATTERN_CHARS = 500
MOST_REPLACEMENT_CHARS = 500
MOST_MEMORY = 4 * 1024 * 1024
"""Bytes that RE2 may take for one pattern; its own limit is twice that."""

LONGEST_CELL = 5_000
"""Characters. A longer cell is left as it is: a portion of rows must not take long."""

ESCAPED = re.compile(r"\\.?|[^\\]+", re.DOTALL)
"""The pieces of a replacement: what stands behind a backslash, and the text between."""


def replacer(pattern: str, replacement: str, *, whole: bool, heeds_case: bool) -> Callable[[str], str]:
    r"""What replaces each match of a pattern within a cell.

    Args:
        pattern: in the syntax of RE2, which knows neither look-around nor back references.
        replacement: `\1` stands for the first group, `\\` for a backslash.
        whole: whether the whole cell must match.

    Raises:
        RuleError: the pattern or the replacement cannot be read.
    """
    _refuse_long(pattern, replacement)
    compiled = _compiled(pattern, heeds_case=heeds_case)
    parts = _parts_of(replacement, compiled.groups)
    if whole:
        compiled = _compiled(f"^(?:{pattern})$", heeds_case=heeds_case)

    def written(match: re2._Match) -> str:
        return "".join(part if isinstance(part, str) else match.group(part) or "" for part in parts)

    def replace(text: str) -> str:
        if len(text) > LONGEST_CELL:
            return text
        try:
            return str(compiled.sub(written, text))
        except UnicodeEncodeError:  # bytes that are no text
            return text

    return replace


def _refuse_long(pattern: str, replacement: str) -> None:
    if len(pattern) > MOST_PATTERN_CHARS:
        raise RuleError(f"The pattern should have at most {MOST_PATTERN_CHARS} characters.")
    if len(replacement) > MOST_REPLACEMENT_CHARS:
        raise RuleError(f"What a pattern is replaced by should have at most {MOST_REPLACEMENT_CHARS} characters.")


def _compiled(pattern: str, *, heeds_case: bool) -> re2._Regexp:
    options = re2.Options()
    options.case_sensitive = heeds_case
    options.log_errors = False
    options.max_mem = MOST_MEMORY
    options.dot_nl = True
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        why = error.args[0] if error.args else ""
        told = why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
        raise RuleError(f"The pattern cannot be read: {told}.") from error


def _parts_of(replacement: str, groups: int) -> list[str | int]:
    """The texts and the numbers of groups that a match is replaced by."""
    parts: list[str | int] = []
    for piece in ESCAPED.findall(replacement):
        if not piece.startswith("\\"):
            parts.append(piece)
        elif piece == "\\\\":
            parts.append("\\")
        elif piece[1:] in map(str, range(1, groups + 1)):
            parts.append(int(piece[1:]))
        else:
            raise RuleError(
                f"The replacement has {piece}: write \\1 to \\9 for a group of the pattern, which has {groups}, "
                "and two backslashes for one."
            )
    return parts
