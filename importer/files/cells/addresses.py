"""E-mail addresses with a name before them, or written as a link."""

from __future__ import annotations

import re

from importer.files.cells.cleaning import is_clean
from importer.files.cells.outcomes import ReadCell, altered, faulty, unaltered

NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>\s]+)>")
LINK = re.compile(r"(?:mailto:\s*)+", re.IGNORECASE)


def read_email(text: str) -> ReadCell:
    """Take the one address out of a cell such as `Ana Silva <ana@example.org>` or `mailto:ana@example.org`."""
    if "<" not in text and ":" not in text and text.count("@") < 2:
        return unaltered(text)
    address = _address_in(text)
    if address.count("@") > 1:
        return faulty("several_addresses", text)
    is_one = address != text and "@" in address and is_clean(address)
    return altered("address", text, address) if is_one else unaltered(text)


def _address_in(text: str) -> str:
    named = NAMED.fullmatch(text)
    if named and _is_name_of(named["name"].strip(" \"'"), named["address"]):
        text = named["address"]
    return text[link.end() :] if (link := LINK.match(text)) else text


def _is_name_of(name: str, address: str) -> bool:
    """Whether a name names no other address; mail programs give an address itself for a name."""
    return "@" not in name or name.casefold() == address.casefold()
