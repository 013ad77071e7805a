"""What kind of file some bytes begin: a text, or something that has to be unpacked, converted or refused.

Told from the bytes alone; names and content types are not looked at (docs/design.md).
"""

from __future__ import annotations

import re

TEXT = "text"

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"Rar!\x1a\x07", "archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    (b"%PDF-", "pdf"),
)
"""How files begin that are no text."""

ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
MEMBERS: tuple[tuple[bytes, str], ...] = (
    (b"[Content_Types].xml", "xlsx"),
    (b"xl/", "xlsx"),
    (b"opendocument.spreadsheet", "ods"),
    (b"Index/Document.iwa", "numbers"),
    (b"Index/Tables/", "numbers"),
)
"""What the ZIP archive of a spreadsheet contains, and what kind that makes it."""

HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body|table|meta)\b", re.I | re.S
)


def kind_of(head: bytes) -> str:
    """`text`, or one of `gzip`, `bzip2`, `xz`, `zip`, `archive`, `xlsx`, `ods`, `xls`, `numbers`, `html`, `pdf`.

    Args:
        head: the file's first bytes.
    """
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            return kind
    if head.startswith(ZIP_SIGNATURES):
        return next((kind for mark, kind in MEMBERS if mark in head), "zip")
    return "html" if HTML.match(head[:4096]) else TEXT
