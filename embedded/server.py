"""What the three embedded servers have in common."""

from __future__ import annotations

from pathlib import Path

from embedded import processes


class Server(processes.Program):
    """A server on a free port of 127.0.0.1, the same one over restarts, that ends with this process.

    Args:
        home: the folder of its data and its log; made if missing.
    """

    log: Path

    def __init__(self, home: Path) -> None:
        self.home = Path(home).resolve()
        self.port = processes.free_port()
        name = type(self).__name__
        super().__init__(name, [], self.home / f"{name.lower()}.log")

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            EmbeddedError: it does not start; with the end of its log.
        """
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start it without waiting."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        self.command = self._prepare()
        super().start()

    def wait(self) -> None:
        """Wait until it answers."""
        self.wait_until(self._answers)

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def _prepare(self) -> list[str]:
        """Make what it needs on the disk.

        Returns:
            Its program and arguments.
        """
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError
