"""Lines that stand in quotes as a whole, as a spreadsheet writes them whose cells were all put into column A."""

from __future__ import annotations

from collections.abc import Sequence

QUOTE = '"'
LARGEST_SHARE_OF_OTHERS = 0.5


def is_wrapped(line: str) -> bool:
    """Whether a line is one quoted cell: each quote within it is doubled."""
    text = line.strip()
    is_quoted = len(text) > 1 and text[0] == text[-1] == QUOTE
    return is_quoted and QUOTE not in text[1:-1].replace(QUOTE * 2, "")


def unwrapped(line: str) -> str:
    """The line without the quotes around all of it; one that has none there stays as it is."""
    return line.strip()[1:-1].replace(QUOTE * 2, QUOTE) if is_wrapped(line) else line


def unwrapped_lines(lines: Sequence[str]) -> list[str] | None:
    """The lines without the quotes around each; None where they are not written so.

    Some may have no quotes at all, such as a header that was typed anew.
    """
    wrapped = sum(map(is_wrapped, lines))
    others = [line for line in lines if not is_wrapped(line)]
    if len(others) > wrapped * LARGEST_SHARE_OF_OTHERS or any(QUOTE in line for line in others):
        return None
    return [unwrapped(line) for line in lines] if any(len(line) > 2 for line in lines) else None
