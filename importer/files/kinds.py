"""What kind of file some bytes begin: a text, or something that has to be unpacked, converted or refused.

Told from the bytes alone; names and content types are not looked at (docs/design.md).
"""

from __future__ import annotations

import re

from importer.files.encodings import encoding_of_signs
from importer.files.json_beginnings import holds_lists

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
    (b"\x89PNG\r\n\x1a\n", "no_text"),
    (b"\xff\xd8\xff", "no_text"),
    (b"GIF87a", "no_text"),
    (b"GIF89a", "no_text"),
    (b"II*\0", "no_text"),
    (b"MM\0*", "no_text"),
    (b"SQLite format 3\0", "no_text"),
    (b"PAR1", "no_text"),
    (b"MZ\x90\0", "no_text"),
    (b"\x7fELF", "no_text"),
)
"""How files begin that are no text."""

LOCAL_HEADER = b"PK\x03\x04"
ZIP_SIGNATURES = (LOCAL_HEADER, b"PK\x05\x06")
MEMBERS: tuple[tuple[bytes, str], ...] = (
    (b"xl/", "xlsx"),
    (b"Index/Document.iwa", "numbers"),
    (b"Index/Tables/", "numbers"),
    (b"word/", "zip"),
    (b"ppt/", "zip"),
    (b"[Content_Types].xml", "xlsx"),
)
"""How the names of a spreadsheet's members begin, and what kind that makes the archive; the first one counts."""

OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"

HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body|table|meta)\b",
    re.I | re.S,
)
TAG = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[a-z][a-z0-9]*[\s>]", re.I)
TABLE_TAG = re.compile(rb"<table[\s>]", re.I)
"""A page may begin with any tag; then the one of a table tells it from a text."""

COMMENTS = rb"(?:\s*(?://[^\r\n]*+|/\*.*?\*/))*+"
"""JSON has none; a file that begins with some is told so."""

NAME_AND_COLON = rb"\{\s*\"(?:[^\"\\\r\n]|\\.)*+\"\s*:"
JSON_BEGIN = rb"(?:\xef\xbb\xbf)?" + COMMENTS + rb"\s*"
JSON_LIST = re.compile(JSON_BEGIN + rb"\[" + COMMENTS + rb"\s*(?:\{\s*\}|" + NAME_AND_COLON + rb")", re.S)
JSON_LINES = re.compile(JSON_BEGIN + NAME_AND_COLON, re.S)
"""An array of objects, and objects one after the other, by the first name in them."""

EXCEL_XML = re.compile(
    rb'<\?mso-application\s+progid="Excel\.Sheet"|urn:schemas-microsoft-com:office:spreadsheet"'
)
FOREIGN_TEXTS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"BEGIN:VCARD\b", re.I), "vcard"),
    (re.compile(rb"BEGIN:VCALENDAR\b", re.I), "calendar"),
    (re.compile(rb"<\?xml\s"), "xml"),
    (re.compile(rb"\{\\rtf\d"), "rtf"),
    (re.compile(rb"ID;P|TABLE\r?\n0,1\r?\n"), "old_exchange"),
    (re.compile(rb"MIME-Version:|Return-Path:|Received:"), "mail"),
    (re.compile(rb"(?:version: 1\r?\n\s*)?dn:{1,2} "), "ldif"),
    (re.compile(rb"(?:---\s*\n)?- [\w-]+: \S"), "yaml"),
    (re.compile(rb'\[\s*(?:\[|"(?:[^"\\\r\n]|\\.)*+"\s*[,\]])'), "json_lists"),
)
"""How texts begin that hold no table of cells, whatever blanks stand before."""

SQL_BEGIN = re.compile(rb"(?:--|/\*|#|(?:SET|CREATE|DROP|INSERT|COPY|BEGIN|START|USE|LOCK|PRAGMA)\b)", re.I)
SQL = re.compile(rb"^(?:INSERT INTO|CREATE TABLE)\s[^\n]*\(|^COPY\s[^\n]*\sFROM stdin;", re.I | re.M)
"""A text that begins as SQL does, and has a line that makes or fills a table."""

FIRST_BYTES = 64 * 1024
"""A text shows by so many what it is."""

TAR_AT, TAR = 257, b"ustar"


def kind_of(head: bytes) -> str:
    """`text`, or one of `gzip`, `bzip2`, `xz`, `zip`, `archive`, `xlsx`, `ods`, `xls`, `numbers`, `html`, `pdf`,
    `json` (an array of objects), `json_object` (arrays of objects in an object), `json_lines`, `excel_xml`,
    `no_text` (a picture, a program, a database), or one of the texts without a table: `sql`, `vcard`, `calendar`,
    `xml`, `rtf`, `old_exchange`, `mail`, `ldif`, `yaml`, `json_lists`.

    Args:
        head: the file's first bytes.
    """
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            return kind
    if head.startswith(ZIP_SIGNATURES):
        return _kind_of_archive(head)
    if head[TAR_AT:].startswith(TAR):
        return "archive"
    return _kind_of_text(_narrowed(head))


def _narrowed(head: bytes) -> bytes:
    """The bytes of a text as UTF-8 has them, where it is in UTF-16 or UTF-32."""
    encoding = encoding_of_signs(head)
    if encoding is None or encoding.name == "utf-8":
        return head
    return head[encoding.mark :].decode(encoding.name, "ignore").encode()


def _kind_of_text(text: bytes) -> str:
    if JSON_LIST.match(text):
        return "json"
    if JSON_LINES.match(text):
        return "json_object" if holds_lists(text) else "json_lines"
    begin = text[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if begin.startswith(b"<?xml") and EXCEL_XML.search(begin):
        return "excel_xml"
    if HTML.match(text[:4096]) or (TAG.match(begin) and TABLE_TAG.search(text[:FIRST_BYTES])):
        return "html"
    if SQL_BEGIN.match(begin) and SQL.search(text[:FIRST_BYTES]):
        return "sql"
    return next((kind for pattern, kind in FOREIGN_TEXTS if pattern.match(begin)), TEXT)


def _kind_of_archive(head: bytes) -> str:
    """Told by the names of its first members, each of which stands behind a header of its own."""
    if OPEN_DOCUMENT in head[:256]:
        return "ods"
    names = [_name_at(head, found.start()) for found in re.finditer(re.escape(LOCAL_HEADER), head)]
    return next((kind for begin, kind in MEMBERS if any(name.startswith(begin) for name in names)), "zip")


def _name_at(head: bytes, place: int) -> bytes:
    """The name in a local file header (APPNOTE.TXT of PKWARE, 4.3.7)."""
    length = int.from_bytes(head[place + 26 : place + 28], "little")
    return head[place + 30 : place + 30 + length]
