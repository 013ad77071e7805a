"""How numbers, sizes, times and cells are written on pages."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from markupsafe import Markup, escape

from importer.files.conversion.sources import CONVERTED
from importer.files.delimiters import delimiter_called
from importer.outcomes import rows

SHOWN_CHARACTERS = 300
"""Characters of a cell that are shown."""

NO_TEXT = 0xDC00
FIRST_BYTE, LAST_BYTE = NO_TEXT + 0x80, NO_TEXT + 0xFF
"""What Python keeps a byte as that is no text."""

UNITS = ("bytes", "KB", "MB", "GB", "TB")
STEP = 1024
MINUTE, HOUR, DAY = 60, 3600, 86400


def register(app: Flask) -> None:
    filters = (number, rows, size, duration, when, ago, visible, marked, reading, what_it_was)
    app.jinja_env.filters.update({function.__name__: function for function in filters})


def what_it_was(conversion: dict[str, Any]) -> str:
    """What a converted file was, in a few words."""
    words = CONVERTED.get(conversion.get("kind", ""), "text that had to be converted")
    table = conversion.get("table")
    return f"{words[:1].upper()}{words[1:]}" + (f", of it “{visible(str(table), 100)}”" if table else "")


def reading(profile: dict[str, Any]) -> str:
    """How a file is read, in a few words."""
    cells = (
        f"{delimiter_called(profile['delimiter'])} between cells" if profile["delimiter"] else "one cell to a line"
    )
    words = [cells, _encoding(profile["encoding"])]
    if profile["quote"] != '"':
        words.append(f"cells in {profile['quote']}")
    if profile["escape"]:
        words.append(f"quotes after {profile['escape']}")
    if profile["wraps_lines"]:
        words.append("each line in quotes")
    return ", ".join(words)


def _encoding(name: str) -> str:
    return f"Windows-{name[2:]}" if re.fullmatch("cp125[0-8]", name) else name.replace("_", "-").upper()


def number(value: float) -> str:
    """With a comma between thousands."""
    return f"{value:,.0f}"


def size(value: int) -> str:
    """Bytes in the largest unit that leaves at least one of it."""
    amount = float(value)
    for unit in UNITS[:-1]:
        if amount < STEP:
            return f"{amount:,.0f} {unit}" if unit == UNITS[0] or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= STEP
    return f"{amount:.1f} {UNITS[-1]}"


def duration(seconds: float) -> str:
    """The two largest units, from seconds to days."""
    whole = max(round(seconds), 0)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"


def when(moment: str | datetime) -> Markup:
    """A moment in UTC, which the page's script turns into the reader's own time."""
    parsed = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    utc = parsed.astimezone(UTC)
    return Markup('<time datetime="{}">{} UTC</time>').format(
        utc.isoformat(timespec="seconds"), utc.strftime("%Y-%m-%d %H:%M:%S")
    )


AGES = ((365 * DAY, "year"), (30 * DAY, "month"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"))


def ago(moment: str | datetime) -> Markup:
    """How long ago a moment was; its title says it exactly, in UTC until the page's script has been there."""
    parsed = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    utc = parsed.astimezone(UTC)
    return Markup('<time datetime="{}" title="{} UTC" data-relative>{}</time>').format(
        utc.isoformat(timespec="seconds"),
        utc.strftime("%Y-%m-%d %H:%M:%S"),
        _age((datetime.now(UTC) - utc).total_seconds()),
    )


def _age(seconds: float) -> str:
    for unit, name in AGES:
        if seconds >= unit:
            count = int(seconds // unit)
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"


def visible(text: str, limit: int = SHOWN_CHARACTERS, *, tells_blanks: bool = False) -> str:
    """Text in which every character can be seen: nothing invisible, reordering or unwritable is left in it.

    Control characters become their Unicode pictures; other unprintable ones, lone surrogates and the marks
    that turn the direction of writing among them, become escapes, and bytes that are no text their number.

    Args:
        limit: characters that are shown; the rest is only counted.
        tells_blanks: whether blanks of other kinds, no-break ones for one, become escapes too.
    """
    picture = _escape if tells_blanks else _picture
    shown = "".join(character if character.isprintable() else picture(character) for character in text[:limit])
    hidden = len(text) - limit
    return f"{shown}… (and {number(hidden)} more characters)" if hidden > 0 else shown


def marked(text: str) -> Markup:
    """Text in which `words between backticks` are set as code."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text))))


def _picture(character: str) -> str:
    return " " if unicodedata.category(character) == "Zs" else _escape(character)


def _escape(character: str) -> str:
    code = ord(character)
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    if code < 0x20:
        return chr(0x2400 + code)
    if FIRST_BYTE <= code <= LAST_BYTE:
        return f"\\x{code - NO_TEXT:02x}"
    return character.encode("ascii", "backslashreplace").decode("ascii")
