"""Programs that end with the process that started them, however that one ends."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from embedded.launch import NONE
from importer.errors import ImporterError

LAUNCH = Path(__file__).with_name("launch.py")
PORTS = range(20_000, 32_000)
"""Below the ports that Linux (32768) and macOS (49152) give to outgoing connections, so that none of those takes
a server's port between two starts."""


class EmbeddedError(ImporterError):
    """An embedded server does not do what it should."""


def free_port(preferred: int | None = None) -> int:
    """A TCP port of 127.0.0.1 that nobody listens on: the preferred one, if that is free.

    Raises:
        EmbeddedError: 100 ports, chosen by chance, were all taken.
    """
    candidates = [preferred] if preferred else []
    for port in candidates + random.sample(PORTS, 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise EmbeddedError(f"100 ports of 127.0.0.1 above {PORTS[0]} are all taken. End what listens there.")


class Program:
    """One program, in a session of its own, on a log file, ended when this process ends.

    Linux does that itself (`PR_SET_PDEATHSIG`), but for the *thread* that started the program; started from
    another thread than the main one, and on other systems, a watcher at the end of a pipe does it.

    Args:
        name: what to call it in errors.
        command: the program and its arguments.
        log: the file that takes its output, or None to talk to it through `finish`.
        environment: the variables it sees; those of this process by default.
        folder: its working directory.
        user: the account it runs as, if this process is root.
        stop_signal: what asks it to end.
        orphan_signal: what it gets when this process dies.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path | None,
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        orphan_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.name = name
        self.command = [str(part) for part in command]
        self.log = log
        self.environment = environment
        self.folder = folder
        self.user = user
        self.stop_signal = stop_signal
        self.orphan_signal = orphan_signal
        self.watched_by_pipe = not sys.platform.startswith("linux")
        self._process: subprocess.Popen[str] | None = None
        self._alive_end: int | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise EmbeddedError(f"{self.name} has not been started.")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs or before it starts."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start it.

        Raises:
            EmbeddedError: it runs already, or its program is missing.
        """
        if self.running:
            raise EmbeddedError(f"{self.name} is running already, as process {self.pid}.")
        program = shutil.which(self.command[0])
        if program is None:
            raise EmbeddedError(f"{self.name}: there is no program {self.command[0]}. Run bin/test to install it.")
        by_pipe = self.watched_by_pipe or threading.current_thread() is not threading.main_thread()
        watched_end = self._open_pipe() if by_pipe else None
        try:
            self._spawn([program, *self.command[1:]], watched_end)
        finally:
            if watched_end is not None:
                os.close(watched_end)

    def _open_pipe(self) -> int:
        self._close_pipe()
        watched_end, self._alive_end = os.pipe()
        return watched_end

    def _close_pipe(self) -> None:
        if self._alive_end is not None:
            os.close(self._alive_end)
            self._alive_end = None

    def _spawn(self, command: list[str], watched_end: int | None) -> None:
        watched = NONE if watched_end is None else str(watched_end)
        tie = [str(os.getpid()), str(int(self.orphan_signal)), self.user or NONE, watched]
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(self.log.open("ab")) if self.log else subprocess.PIPE
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(LAUNCH), *tie, *command],
                stdin=subprocess.DEVNULL if self.log else subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT if self.log else subprocess.PIPE,
                env=None if self.environment is None else dict(self.environment),
                cwd=self.folder,
                start_new_session=True,
                pass_fds=() if watched_end is None else (watched_end,),
                text=True,
                errors="replace",
            )

    def wait_until(self, ready: Callable[[], bool], seconds: float = 20) -> None:
        """Wait until `ready` says so.

        Raises:
            EmbeddedError: it ended, or was not ready in time; with the end of its log.
        """
        deadline = time.monotonic() + seconds
        while not (self.running and ready()):
            if not self.running:
                raise EmbeddedError(f"{self.name} ended with status {self.status}.{self.log_tail()}")
            if time.monotonic() > deadline:
                raise EmbeddedError(f"{self.name} did not answer within {seconds:g} s.{self.log_tail()}")
            time.sleep(0.02)

    def finish(self, seconds: float, typed: str = "") -> str:
        """Wait for a program that ends by itself and has no log, with `typed` as its standard input.

        Returns:
            What it wrote to standard output.

        Raises:
            EmbeddedError: it took longer, or ended with a status other than 0; with the end of what it wrote.
        """
        assert self._process is not None
        try:
            output, errors = self._process.communicate(typed, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise EmbeddedError(f"{self.name} did not end within {seconds:g} s.") from None
        finally:
            self.kill()
        if self.status != 0:
            raise EmbeddedError(
                f"{self.name} ended with status {self.status}.\n{(output + errors).strip()[-4000:]}"
            )
        return output

    def send(self, signum: signal.Signals) -> None:
        if self.running:
            assert self._process is not None
            self._process.send_signal(signum)

    def stop(self, seconds: float = 10) -> None:
        """Ask it to end; kill it if it has not after `seconds`."""
        self.send(self.stop_signal)
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """End it and what it started in its own process group at once, with SIGKILL."""
        if self.running:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self.send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        self._close_pipe()

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of its log, with a heading, to append to an error; empty without a log."""
        if self.log is None or not self.log.exists():
            return ""
        tail = self.log.read_text(errors="replace").splitlines()[-lines:]
        return f"\nThe end of {self.log}:\n" + "\n".join(f"  {line}" for line in tail)


def run(
    name: str,
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    user: str | None = None,
    typed: str = "",
    seconds: float = 120,
) -> str:
    """Run a program to its end, with `typed` as its standard input, and return its standard output.

    Raises:
        EmbeddedError: it failed or took longer than `seconds`.
    """
    program = Program(name, command, None, environment=environment, folder=folder, user=user)
    program.start()
    return program.finish(seconds, typed)
