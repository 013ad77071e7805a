"""Whether a file of JSON is one object with the rows in a list of it, told from its first bytes."""

from __future__ import annotations

import re

TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\]]|"', re.S)
"""A text, a bracket, or the quote of a text that is cut off."""

OPENING = frozenset((b"{", b"["))
CLOSING = frozenset((b"}", b"]"))
OF_TOP_OBJECT = 2
"""How many brackets are open within a list that is a value of the outermost object."""


def holds_lists(head: bytes) -> bool:
    """Whether a list of objects is a value of the first object, and no other object follows that.

    Args:
        head: of the file, in UTF-8; it begins with an object.
    """
    depth, found, list_begins = 0, False, -1
    for token in TOKEN.finditer(head):
        sign = token[0]
        if sign in OPENING:
            depth += 1
            is_first = list_begins >= 0 and not head[list_begins : token.start()].strip()
            found = found or (sign == b"{" and is_first)
            list_begins = token.end() if sign == b"[" and depth == OF_TOP_OBJECT else -1
        elif sign in CLOSING:
            depth, list_begins = depth - 1, -1
            if not depth:
                return found and not head[token.end() :].strip()
        elif sign == b'"':
            break
    return found
