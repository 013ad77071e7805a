"""With a record type, the command tells of a file what an upload of it would."""

import json
import subprocess
import sys
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
