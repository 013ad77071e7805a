"""Ends what a demo that was killed would leave behind.

honcho ends its processes when it is asked to, not when it is killed itself or asked in the middle of starting.
So every process of a demo carries a mark in its environment, which its children inherit, and a guard outside of
the demo waits at the end of a pipe. When the demo ends, however it ends, the pipe closes, and what still carries
the mark after a moment of grace is killed.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]

VARIABLE = "IMPORTER_DEMO_MARK"
GRACE_SECONDS = 8.0
"""Longer than the 5 seconds that honcho gives its processes before it kills them."""


@contextlib.contextmanager
def guard(mark: str) -> Iterator[None]:
    """See that nothing that carries the mark outlives this block, or this process."""
    with subprocess.Popen(
        [sys.executable, "-m", __name__, mark],
        stdin=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
        start_new_session=True,
    ):
        yield  # leaving the block closes the pipe and waits for the guard


def marked(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(VARIABLE) == mark:
                found.append(process)
    return found


def end(mark: str) -> None:
    """Give what carries the mark a moment to end by itself, then kill it until nothing is left."""
    deadline = time.monotonic() + GRACE_SECONDS
    while left := marked(mark):
        if time.monotonic() > deadline:
            for process in left:
                with contextlib.suppress(psutil.Error):
                    process.kill()
        time.sleep(0.1)


if __name__ == "__main__":
    sys.stdin.read()
    end(sys.argv[1])
