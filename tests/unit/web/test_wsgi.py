"""Starting without what is needed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "command", [["-c", "import wsgi"], ["-m", "gunicorn", "wsgi:app", "--bind", "127.0.0.1:0"]]
)
def test_without_a_secret_key_the_process_ends_saying_what_to_set(command):
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": "postgres://x",
        "REDIS_URL": "redis://x",
        "S3_BUCKET": "x",
    }
    ended = subprocess.run(
        [sys.executable, *command],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "SECRET_KEY is not set" in ended.stderr
    assert "Traceback" not in ended.stderr
