"""What kind a file is, its first bytes tell."""

import io
import zipfile

import pytest

from importer.files.kinds import kind_of


def archive(*names: str, content: bytes = b"content") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as writer:
        for name in names:
            writer.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (archive("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        (archive("xl/worksheets/sheet1.xml", "[Content_Types].xml"), "xlsx"),
        (archive("[Content_Types].xml", "word/document.xml"), "zip"),
        (archive("mimetype", content=b"application/vnd.oasis.opendocument.spreadsheet"), "ods"),
        (archive("Index/Document.iwa"), "numbers"),
        (archive("contacts.csv", content=b"email,path\na@b.de,xl/workbook.xml\n"), "zip"),
        (archive(), "zip"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\xef\xbb\xbf \n<!-- exported --> <TABLE>", "html"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "no_text"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "no_text"),
        (b"<name>,<email>\n", "text"),
        (b"", "text"),
    ],
)
def test_the_first_bytes_tell_the_kind(head, kind):
    assert kind_of(head) == kind
