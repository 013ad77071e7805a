"""Ctrl-C, SIGTERM and a closed terminal all mean: end, and clean up once."""

from __future__ import annotations

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody asked this process to end."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.status = 128 + signum


class Interruption:
    """Raises `Interrupted` at the first of these signals; further ones cannot disturb the cleaning up."""

    def __init__(self) -> None:
        self._signum: int | None = None
        for signum in SIGNALS:
            if signal.getsignal(signum) is not signal.SIG_IGN:  # as nohup sets it
                signal.signal(signum, self._handle)

    def check(self) -> None:
        """Raise again: the first exception may have been swallowed, as in a destructor."""
        if self._signum is not None:
            raise Interrupted(self._signum)

    def _handle(self, signum: int, _frame: FrameType | None) -> None:
        if self._signum is None:
            self._signum = signum
            raise Interrupted(signum)
