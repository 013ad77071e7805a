"""`bin/storm` runs, tells what it did, and ends with status 1 where a row is not as it must be."""

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
STORM = CHECKOUT / "tests" / "storm"

RUN = f"""
import runpy, faults
{{}}
runpy.run_path({str(STORM / "__main__.py")!r}, run_name="__main__")
"""


WHAT = "a line of the ledger is deleted"

HARM = """
from sqlalchemy import text

def harm(storm):
    def strike():
        with storm.scene.world.services.engine.begin() as connection:
            return connection.execute(text("DELETE FROM ledger WHERE id % 7 = 0")).rowcount
    storm.wait(60, 60, until=strike)  # the first batch may not have been saved yet
"""


def storm(before: str, *options: str) -> subprocess.CompletedProcess[str]:
    """What bin/storm runs for one round, after `before`, in the environment of these tests."""
    folders = [CHECKOUT, CHECKOUT / "tests" / "support", STORM]
    environment = {"PYTHONPATH": os.pathsep.join(map(str, folders)), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", RUN.format(before), "--minutes", "0.05", "--seed", "7", *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)


def test_a_short_storm_ends_with_status_0_and_says_how_often_each_fault_struck():
    done = storm("print('known', len(faults.FAULTS))")
    assert done.returncode == 0, done.stdout + done.stderr
    known, seed, *lines = done.stdout.splitlines()
    assert seed.startswith("seed 7, 0.05 minutes")
    table = [line.split() for line in lines if line.endswith(" 0") and " s " in line]
    assert known == f"known {len(table)}"
    struck = [line for line in lines if line.startswith("  ") and "met nothing" not in line]
    assert sum(int(words[-4]) for words in table) == sum(1 + (" with " in line) for line in struck) > 0
    assert "1 rounds" in done.stdout
    assert "0 violations" in done.stdout


def test_a_storm_that_costs_a_line_of_the_ledger_says_so_and_ends_with_status_1():
    harm = f"{HARM}\nfaults.FAULTS, faults.SUDDEN = {{'{WHAT}': harm}}, {{'{WHAT}'}}"
    done = storm(harm, "--minutes-to-the-end", "1")  # whose rows are imported twice never adds up
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"VIOLATION in round 1 after {WHAT}" in done.stdout
    assert "1 violations" in done.stdout
