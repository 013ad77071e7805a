"""`bin/storm` runs, and tells what it did."""

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
STORM = CHECKOUT / "tests" / "storm"


def storm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What bin/storm runs, in the environment of these tests."""
    folders = [CHECKOUT, CHECKOUT / "tests" / "support", STORM]
    environment = {"PYTHONPATH": os.pathsep.join(map(str, folders)), "PATH": os.environ["PATH"]}
    command = [sys.executable, str(STORM / "__main__.py"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)


def test_a_short_storm_ends_with_a_table_of_every_fault_and_status_0():
    done = storm("--minutes", "0.05", "--seed", "7")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("seed 7, 0.05 minutes")
    for fault in ("dispatcher killed", "Redis set back", "reply of COMMIT lost", "S3 slow"):
        assert fault in done.stdout
    assert "1 rounds" in done.stdout
    assert "0 violations" in done.stdout
