"""How every process writes its log: a line begins with time and level, and no text from outside forges one."""

from __future__ import annotations

import logging
import re

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

CONTINUED = "\n    "
"""Before a second line, a traceback's say: only what this process wrote begins at the left."""

UNSAFE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal obeys (moves, colours, ends of lines, turns of direction), and what UTF-8 cannot write."""


class SafeFormatter(logging.Formatter):
    """Writes control characters as escapes, and indents all lines of an entry but its first."""

    def format(self, record: logging.LogRecord) -> str:
        return safe(super().format(record)).replace("\n", CONTINUED)


def safe(text: str) -> str:
    """The text with each control character, except the end of a line, as its escape, such as `\\x1b`."""
    return UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def configure(level: int) -> None:
    """Log to stderr, unless the process has set up its log already.

    Args:
        level: the lowest that is written, `logging.INFO` for one.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(SafeFormatter(FORMAT))
    logging.basicConfig(level=level, handlers=[handler])
    logging.getLogger("botocore").setLevel(logging.WARNING)
