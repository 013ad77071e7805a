"""A file of newlines, and one of a line without end, beside a file of one row: `python -m tests.attacks.newlines`.

Megabytes without a row once held the only dispatcher until they were read. Prints how long the file of one row
took beside each, and how long pausing and SIGTERM. The status is 0 only if each kept its bar.
"""

from __future__ import annotations

import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.attacks.site import Site, running

MEGABYTES = 150
BAR = 5.0
"""Seconds in which the file of one row is imported, the large one is paused, and everything has ended."""

HEADER = b"email,name\n"
FILES = {"newlines": b"\n" * 1_000_000, "one line": b"x" * 1_000_000}
"""A megabyte of each."""


def write(file: Path, rows: bytes, times: int = 1) -> Path:
    with file.open("wb") as target:
        target.write(HEADER)
        for _ in range(times):
            target.write(rows)
    return file


def pause(site: Site, import_id: str) -> None:
    asked = urllib.request.Request(
        f"{site.application.base_url}/api/imports/{import_id}/pause",
        method="POST",
        headers={"Authorization": f"Bearer {site.token}"},
    )
    urllib.request.urlopen(asked, timeout=BAR).close()


def seconds_until(site: Site, import_id: str, status: str) -> float:
    """How long it takes, three bars at most."""
    began = time.monotonic()
    while site.visitor.import_state(import_id)["status"] != status and time.monotonic() - began < 3 * BAR:
        time.sleep(0.05)
    return time.monotonic() - began


def attack(site: Site, folder: Path, megabytes: int = MEGABYTES) -> dict[str, float]:
    """Upload the files; return how many seconds everything took."""
    took: dict[str, float] = {}
    for name, megabyte in FILES.items():
        large = _upload(site, write(folder / "large.csv", megabyte, megabytes))
        seconds_until(site, large["id"], "running")
        small = _upload(site, write(folder / "small.csv", b"ann@example.com,Ann\n"))
        took[f"one row beside {name}"] = seconds_until(site, small["id"], "completed")
    large = _upload(site, write(folder / "large.csv", FILES["newlines"], megabytes))
    seconds_until(site, large["id"], "running")
    pause(site, large["id"])
    took["pause"] = seconds_until(site, large["id"], "paused")
    large = _upload(site, write(folder / "large.csv", FILES["newlines"], megabytes))
    seconds_until(site, large["id"], "running")
    took["SIGTERM"] = _seconds_of(site.application.stop)
    return took


def _upload(site: Site, file: Path) -> dict[str, Any]:
    return site.visitor.upload(file, "contacts")


def _seconds_of(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def broken_bars(took: dict[str, float]) -> list[str]:
    for what, seconds in took.items():
        print(f"{what}: {seconds:.1f} s")
    return [what for what, seconds in took.items() if seconds > BAR]


def main() -> int:
    with running({"web": 1, "dispatcher": 1, "worker": 1}) as site, tempfile.TemporaryDirectory() as folder:
        broken = broken_bars(attack(site, Path(folder)))
    print("every bar holds" if not broken else f"broken: {', '.join(broken)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
