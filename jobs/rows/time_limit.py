"""A limit on how long a record type's code may take."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


class TimeLimitError(Exception):
    """The code took longer than it may."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TimeLimitError` in here after so many seconds. Only the main thread, where workers work, has a limit.

    RQ's own death penalty takes whole seconds alone. Neither interrupts a wait inside psycopg2: for that
    sessions have a `statement_timeout`. Code that catches the error meets it again after as many seconds, and at
    its end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python takes signals in the main thread alone
        return

    alarms: list[int] = []

    def give_up(signum: int, frame: object) -> NoReturn:
        alarms.append(signum)
        raise TimeLimitError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    except Exception as error:
        if alarms and not isinstance(error, TimeLimitError):
            raise TimeLimitError from error
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if alarms:
        raise TimeLimitError  # the code has caught it, and gone on as if something else were wrong
