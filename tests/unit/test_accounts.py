"""Passwords."""

import subprocess
import sys
from pathlib import Path

EIGHT_LOGINS = """
import resource
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from importer.control import accounts

def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MB

MB = 1024**2 if __import__("sys").platform == "darwin" else 1024
nobody = SimpleNamespace(scalar=lambda statement: None)
before = peak_mb()
with ThreadPoolExecutor(8) as threads:
    found = list(threads.map(lambda n: accounts.check_password(nobody, f"a{n}@example.com", "guess"), range(8)))
assert found == [None] * 8
print(peak_mb() - before)
"""


def test_eight_logins_at_once_take_the_memory_of_one():
    command = [sys.executable, "-c", EIGHT_LOGINS]
    ended = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    assert int(ended.stdout) < 100
