"""Dispatchers and workers that die at named points; the product itself knows nothing of them.

`python -m failpoints high|low` runs what `python -m jobs` runs. Whichever such process first passes a point that
is armed ends there by SIGKILL, once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from importer.ledger import repairs
from importer.queue import queues
from importer.storage.s3 import Storage
from jobs import __main__ as program
from jobs.dispatcher import retries
from jobs.dispatcher import slice as slices
from jobs.dispatcher.pusher import Pusher
from jobs.rows import batch
from jobs.rows.claims import Claims
from jobs.rows.failed_jobs import FailedJobs
from jobs.rows.worker import RowWorker

FOLDER = "FAILPOINTS"
"""Environment variable: the folder in which a file of the point's name arms it."""


class Point(NamedTuple):
    """Before or after which function a process dies."""

    owner: Any
    function: str
    after: bool


POINTS = {
    "before the checkpoint script": Point(Pusher, "push", False),
    "after the checkpoint script": Point(Pusher, "push", True),
    "before the end of file is recorded": Point(slices, "settle", False),
    "after the end of file is recorded": Point(slices, "settle", True),
    "before the next slice is enqueued": Point(queues, "enqueue_slice", False),
    "after the next slice is enqueued": Point(queues, "enqueue_slice", True),
    "after the claim, before its jobs are read": Point(Claims, "_datas", False),
    "after the claim": Point(Claims, "take", True),
    "before COMMIT": Point(batch, "settle", True),
    "after COMMIT, before the jobs are cleared": Point(RowWorker, "_clear", False),
    "after the jobs are deleted, before the claim ends": Point(Claims, "_keep", False),
    "after the jobs are cleared, before a row's job is failed": Point(FailedJobs, "record", False),
    "after a row's job is failed, before the claim is released": Point(FailedJobs, "record", True),
    "in the clean-up, before the file is deleted": Point(Storage, "delete", False),
    "in the clean-up, after the file is deleted": Point(Storage, "delete", True),
}

REPAIR_POINTS = {
    "before a portion of a repair is committed": Point(repairs, "takes_rows", True),
    "after a portion of a repair is committed": Point(retries, "carry_out_portion", True),
}
"""Points that only imports with repairs pass."""

ALL_POINTS = {**POINTS, **REPAIR_POINTS}

DEADLY_POINTS = ("after the claim, before its jobs are read", "after the claim", "before COMMIT")
"""A row that is alone as its worker dies there has died once more; three times, and it fails (rule 7)."""

DEAD_CLAIMS = "claims-of-the-dead"
"""File with the ids of the claims that processes had taken last before they died, a line for each."""

_taken: list[str] = []
"""The claim that this process has taken last."""


def arm(folder: Path, point: str) -> None:
    """Have the next process that passes this point die there."""
    assert point in ALL_POINTS
    (folder / point).touch()


def is_armed(folder: Path, point: str) -> bool:
    """Whether no process has passed it since."""
    return (folder / point).exists()


def disarm(folder: Path, point: str) -> bool:
    """Say whether a process has died there; if none has, none will."""
    try:
        (folder / point).unlink()
    except FileNotFoundError:
        return True
    return False


def dead_claims(folder: Path) -> list[str]:
    """The ids of the claims whose processes have died at some point."""
    with contextlib.suppress(FileNotFoundError):
        return (folder / DEAD_CLAIMS).read_text().split()
    return []


def _die_if_armed(point: str) -> None:
    folder = Path(os.environ[FOLDER])
    with contextlib.suppress(FileNotFoundError):
        (folder / point).unlink()
        with (folder / DEAD_CLAIMS).open("a") as dead:
            dead.writelines(f"{claim_id}\n" for claim_id in _taken)
        os.kill(os.getpid(), signal.SIGKILL)


def _mined(function: Callable[..., Any], before: str | None, after: str | None) -> Callable[..., Any]:
    def run(*arguments: Any, **options: Any) -> Any:
        if before:
            _die_if_armed(before)
        answer = function(*arguments, **options)
        if after and (answer is not None or function.__name__ != "take"):  # an empty claim is none
            _die_if_armed(after)
        return answer

    return run


def _remembering(datas: Callable[..., Any]) -> Callable[..., Any]:
    """`Claims._datas`, which is called with the id of each claim that is taken."""

    def run(claims: Claims, claim_id: str) -> Any:
        _taken[:] = [claim_id]
        return datas(claims, claim_id)

    return run


def install() -> None:
    """Put every point in its place."""
    for name, point in ALL_POINTS.items():
        function = getattr(point.owner, point.function)
        before, after = (None, name) if point.after else (name, None)
        setattr(point.owner, point.function, _mined(function, before, after))
    Claims._datas = _remembering(Claims._datas)  # type: ignore[method-assign]


if __name__ == "__main__":
    install()
    sys.exit(program.main())
