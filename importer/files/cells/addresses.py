"""E-mail addresses with a name before them, or written as a link."""

from __future__ import annotations

import re

from importer.files.cells.outcomes import ReadCell, altered, faulty, unaltered

NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>\s]+)>")


def read_email(text: str) -> ReadCell:
    """Take the one address out of a cell such as `Ana Silva <ana@example.org>` or `mailto:ana@example.org`."""
    if "<" not in text and ":" not in text and text.count("@") < 2:
        return unaltered(text)
    address = _without_link(text)
    named = NAMED.fullmatch(address)
    if named and _is_name_of(named["name"].strip(" \"'"), named["address"]):
        address = _without_link(named["address"])
    if address.count("@") > 1:
        return faulty("several_addresses", text)
    return unaltered(text) if address == text else altered("address", text, address)


def _without_link(text: str) -> str:
    while text[:7].casefold() == "mailto:":
        text = text[7:].lstrip()
    return text


def _is_name_of(name: str, address: str) -> bool:
    """Whether a name names no other address; mail programs give an address itself for a name."""
    return "@" not in name or name.casefold() == address.casefold()
