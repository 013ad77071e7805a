"""Somebody who asks again and again while something else is measured."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def asking(ask: Callable[[], T], *, seconds: float) -> Iterator[list[T]]:
    """Ask in a thread of its own; the list grows by each answer. What asking raises is raised at the end.

    Args:
        seconds: between an answer and the next question.
    """
    answers: list[T] = []
    over = threading.Event()

    def ask_on() -> None:
        while not over.is_set():
            answers.append(ask())
            over.wait(seconds)

    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(ask_on)
        try:
            yield answers
        finally:
            over.set()
        asked.result()
