"""Starts real dispatchers and workers, ends and kills them."""

from __future__ import annotations

import signal
import sys
from itertools import count
from pathlib import Path
from types import TracebackType

from waiting import wait_until

from embedded.processes import Program

ROOT = Path(__file__).parents[2]


class Processes:
    """Dispatchers and workers; all end with it, and with this process.

    Args:
        environment: their settings.
        folder: where their logs go.
    """

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = environment
        self._folder = folder
        self._numbers = count(1)
        self.programs: list[Program] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for program in self.programs:
            program.send(signal.SIGCONT)
            program.kill()
            if error is not None:
                print(program.name, program.log_tail(60))  # noqa: T201

    def start(self, queue: str, **settings: str) -> Program:
        """Start a process for this queue, with settings of its own."""
        name = f"{queue}-{next(self._numbers)}"
        program = Program(
            name,
            [sys.executable, "-m", "jobs", queue],
            self._folder / f"{name}.log",
            environment={**self.environment, **settings, "PATH": "/usr/bin:/bin"},
            folder=ROOT,
        )
        program.start()
        self.programs.append(program)
        return program

    def dispatcher(self, **settings: str) -> Program:
        return self.start("high", **settings)

    def worker(self, **settings: str) -> Program:
        return self.start("low", **settings)


def end(program: Program) -> int | None:
    """Ask it to end, as a platform does, and return its status; it has 10 seconds."""
    program.send(signal.SIGTERM)
    wait_until(lambda: not program.running, "it has ended", seconds=10)
    return program.status
