"""What kind a file is, its first bytes tell."""

import io
import zipfile

import pytest

from importer.files.kinds import FOREIGN_TEXTS, kind_of
from importer.files.refusals import refusal


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
        (b"<b>name</b>,email\n", "text"),
        (b"<style>td{}</style>\n<table border=1><tr><td>email", "html"),
        (b"<div><h1>Contacts</h1><TABLE>", "html"),
        (b"<?xml version='1.0'?>\n<!DOCTYPE html>\n<html>", "html"),
        (b"<?xml version='1.0'?>\n<contacts><contact/></contacts>", "xml"),
        (b"<?xml version='1.0'?><export><table name='contacts'/></export>", "xml"),
        ('[{"email": "a@b.de"}]'.encode("utf-16"), "json"),
        ('{"email": "a@b.de"}\n'.encode("utf-16"), "json_lines"),
        ("<table><tr><td>email".encode("utf-16"), "html"),
        ("email;name\n".encode("utf-16"), "text"),
        (b"-- MySQL dump\nSET NAMES utf8;\nINSERT INTO `contacts` VALUES (1,'a');\n", "sql"),
        (b"CREATE TABLE contacts (\n  email text\n);\n", "sql"),
        (b"SET x = 1;\nCOPY public.contacts (email, name) FROM stdin;\na\tb\n", "sql"),
        (b"create,drop\n1,2\n", "text"),
        (b'note,query\n1,"\nINSERT INTO a VALUES (1)\n"\n', "text"),
        (b"BEGIN:VCARD\r\nVERSION:3.0\r\n", "vcard"),
        (b"BEGIN:VCALENDAR\r\n", "calendar"),
        (b"{\\rtf1\\ansi email}", "rtf"),
        (b"ID;PWXL;N;E\r\n", "old_exchange"),
        (b"ID;Name\r\n1;Ana\r\n", "text"),
        (b'TABLE\r\n0,1\r\n"EXCEL"\r\n', "old_exchange"),
        (b"MIME-Version: 1.0\r\n", "mail"),
        (b"dn: uid=ana,dc=example\nmail: a@b.de\n", "ldif"),
        (b"dn,mail\n", "text"),
        (b"- email: a@b.de\n  name: Ana\n", "yaml"),
        (b"- email,name\n", "text"),
        (b'[["email", "name"], ["a@b.de", "Ana"]]', "json_lists"),
        (b'["email", "name"]\n["a@b.de", "Ana"]\n', "json_lists"),
        (b"[email],[name]\n", "text"),
        (b"", "text"),
    ],
)
def test_the_first_bytes_tell_the_kind(head, kind):
    assert kind_of(head) == kind


def test_every_kind_that_holds_no_table_is_refused_in_words():
    for kind in [kind for _, kind in FOREIGN_TEXTS] + ["sql"]:
        assert refusal(kind).message
