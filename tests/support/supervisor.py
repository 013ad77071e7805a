"""Starts real dispatchers and workers, ends and kills them, and starts anew those that have died."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import TracebackType

from failpoints import FOLDER
from waiting import Found, wait_until

from embedded.processes import Program
from importer.queue.queues import DEFAULT, HIGH, LOW

ROOT = Path(__file__).parents[2]


class Processes:
    """Dispatchers and workers; all end with it, and with this process.

    Args:
        environment: their settings.
        folder: where their logs go, and where failpoints are armed.
    """

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = environment
        self.folder = folder
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
            [sys.executable, "-m", "failpoints", queue],
            self.folder / f"{name}.log",
            environment={**self.environment, **settings, FOLDER: str(self.folder), "PATH": "/usr/bin:/bin"},
            folder=ROOT,
        )
        program.start()
        self.programs.append(program)
        return program

    def dispatcher(self, **settings: str) -> Program:
        return self.start("high", **settings)

    def converter(self, **settings: str) -> Program:
        return self.start("default", **settings)

    def worker(self, **settings: str) -> Program:
        return self.start("low", **settings)


def end(program: Program) -> int | None:
    """Ask it to end, as a platform does, and return its status; it has 10 seconds."""
    program.send(signal.SIGTERM)
    wait_until(lambda: not program.running, "it has ended", seconds=10)
    return program.status


class Crew:
    """Keeps dispatchers and workers running as a platform does: one that has died is started again.

    That happens while a test waits with `wait_until`, in its own thread, or in `tend`.
    """

    def __init__(
        self, processes: Processes, *, dispatchers: int = 1, workers: int = 2, converters: int = 0, **settings: str
    ) -> None:
        self._processes = processes
        self._settings = settings
        self.restarts = 0
        self._members = {
            queue: [processes.start(queue, **settings) for _ in range(size)]
            for queue, size in ((HIGH, dispatchers), (LOW, workers), (DEFAULT, converters))
        }

    @property
    def dispatchers(self) -> list[Program]:
        return self._members[HIGH]

    @property
    def workers(self) -> list[Program]:
        return self._members[LOW]

    @property
    def converters(self) -> list[Program]:
        return self._members[DEFAULT]

    @property
    def everyone(self) -> list[Program]:
        return self.dispatchers + self.workers + self.converters

    def tend(self) -> None:
        """Start anew whoever has ended."""
        for queue, members in self._members.items():
            for place, program in enumerate(members):
                if not program.running:
                    self.restarts += 1
                    members[place] = self._processes.start(queue, **self._settings)

    def wait_until(self, found: Callable[[], Found], what: str, *, seconds: float = 60) -> Found:
        def tend_and_ask() -> Found:
            self.tend()
            return found()

        return wait_until(tend_and_ask, what, seconds=seconds)

    def stop(self) -> None:
        """Ask everyone to end, and see that they do."""
        for program in self.everyone:
            program.send(signal.SIGTERM)
        for program in self.everyone:
            wait_until(lambda program=program: not program.running, "it has ended", seconds=10)
