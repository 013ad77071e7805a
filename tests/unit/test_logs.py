"""What a process writes into its log."""

import logging
import os
import subprocess
import sys

import pytest

from importer.logs import FORMAT, SafeFormatter

SETTINGS = {
    "SECRET_KEY": "of tests and nothing else",
    "DATABASE_URL": "postgresql://127.0.0.1:9/nowhere",
    "REDIS_URL": "redis://127.0.0.1:9",
    "S3_BUCKET": "nowhere",
    "AWS_DEFAULT_REGION": "us-east-1",
}

FORGED = "2026-01-01 00:00:00,000 CRITICAL importer: all is well"


def line(message: str, *arguments: object, error: Exception | None = None) -> str:
    failed = (type(error), error, None) if error else None
    record = logging.LogRecord("importer", logging.ERROR, "", 1, message, arguments, failed)
    return SafeFormatter(FORMAT).format(record)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("over\rwritten", r"over\rwritten"),
        ("a\0b", r"a\x00b"),
        ("\x85next", r"\x85next"),
        ("\u2028next", r"\u2028next"),
        ("\u202ecod.exe", r"\u202ecod.exe"),
        ("not utf-8: \udcfc", r"not utf-8: \udcfc"),
        ("Łódź, 東京", "Łódź, 東京"),
    ],
)
def test_characters_that_a_terminal_would_obey_are_written_as_escapes(text, written):
    assert line("file %s", text).endswith(f"ERROR importer: file {written}")


def test_only_what_the_process_wrote_begins_at_the_left():
    written = line("its check raised %s", f"x\n{FORGED}", error=ValueError(f"y\n{FORGED}"))
    first, *others = written.split("\n")
    assert "ERROR importer: its check raised x" in first
    assert len(others) == 3
    assert all(other.startswith("    ") for other in others)


def test_warnings_of_the_web_process_have_a_time_and_a_level():
    code = "import logging, wsgi; logging.getLogger('importer.web').warning('what\\rever')"
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, env={**os.environ, **SETTINGS}, capture_output=True, text=True, check=True)
    assert " WARNING importer.web: what\\rever\n" in ended.stderr
