"""With a record type, the command tells of a file what an upload of it would."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

from importer.files.inspection import inspect
from importer.record_types import RecordTypes


def test_with_a_record_type_the_command_tells_what_fills_its_fields_and_asks_what_an_upload_would(tmp_path):
    file = tmp_path / "file.csv"
    file.write_bytes(b"E-Mail;Name;Saldo\na@b.de;Ana;1.500\n")
    program = [sys.executable, "-m", "importer.files", "--json", str(file)]
    checkout = Path(__file__).parents[2]
    for arguments, fields, questions in (
        ([], None, []),
        (["--type", "contacts"], ["email", "name", "balance"], ["decimal_mark-3"]),
    ):
        done = subprocess.run([*program, *arguments], capture_output=True, cwd=checkout, env={}, check=True)
        told = json.loads(done.stdout)
        assert (told["mapping"] and [fill["field"] for fill in told["mapping"]["fills"]]) == fields
        assert [question["id"] for question in told["questions"]] == questions
    other = subprocess.run([*program, "--type", "ships"], capture_output=True, cwd=checkout, env={}, check=False)
    assert other.returncode == 2
    assert b"ships" in other.stderr


def test_with_a_record_type_the_command_refuses_what_an_upload_would(tmp_path):
    file = tmp_path / "file.csv"
    file.write_bytes(b"size,colour\n1,red\n")
    told = inspect(file, None, RecordTypes()["contacts"].fields)
    assert told["refused"]["code"] == "no_known_column"


def test_of_several_tables_the_first_may_be_none_and_the_question_is_told_as_an_upload_would_ask_it(tmp_path):
    file = tmp_path / "file.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("README.txt", "This is the export.\n")
        archive.writestr("contacts.csv", "email,name\na@b.de,Ana\n")
    told = inspect(file, None, RecordTypes()["contacts"].fields)
    assert [question["id"] for question in told["questions"]] == ["sheet"]
    assert (told["header"], told["records"], told["mapping"]) == ([], [], None)


def test_a_picture_or_a_pdf_beside_the_table_of_an_archive_is_left_out(tmp_path):
    file = tmp_path / "file.zip"
    members = {
        "logo.png": b"\x89PNG\r\n\x1a\n",
        "terms.pdf": b"%PDF-1.4",
        "contacts.csv": b"email,name\na@b.de,Ana\n",
    }
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    told = inspect(file, None, RecordTypes()["contacts"].fields)
    assert (told["questions"], told["records"]) == ([], [["a@b.de", "Ana"]])
