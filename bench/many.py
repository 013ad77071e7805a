"""How long a thousand small files take that are uploaded all at once, and how soon others are served meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.fairness import import_small
from bench.product import Product

ROWS = 10
"""Of each file."""

CLIENTS = 4
"""Who upload at once, each one file after the other."""

LOOK_SECONDS = 0.1
"""Between two looks at the list of imports."""


@dataclass
class Crowd:
    """What came of many small files.

    Attributes:
        seconds: from the first upload request until the last of them is completed.
        lists: seconds that the page with the list of imports took to answer meanwhile, sorted.
        beside: seconds that another file took which came after half of them, from its upload request until it was
            completed.
    """

    seconds: float
    lists: list[float]
    beside: float

    @property
    def p99(self) -> float:
        return self.lists[int(len(self.lists) * 0.99)]


def import_all(product: Product, file: Path, files: int, other: Path) -> Crowd:
    """Import one small file of contacts so many times over, and after half of them another one."""
    token = product.token()
    finished = product.count_completed() + files + 1
    began = time.perf_counter()
    with _asking_for_the_list(product) as lists, ThreadPoolExecutor(CLIENTS) as clients:
        for _ in clients.map(lambda _: product.visitor.send(file, "contacts", token), range(files // 2)):
            pass
        rest = [clients.submit(product.visitor.send, file, "contacts", token) for _ in range(files - files // 2)]
        beside = import_small(product, other)
        for upload in rest:
            upload.result()
        product.wait_until_completed(finished)
        seconds = time.perf_counter() - began
    return Crowd(seconds, sorted(lists), beside)


@contextmanager
def _asking_for_the_list(product: Product) -> Iterator[list[float]]:
    answers: list[float] = []
    over = threading.Event()

    def ask() -> None:
        while not over.wait(LOOK_SECONDS):
            began = time.perf_counter()
            product.visitor.open("/imports")
            answers.append(time.perf_counter() - began)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        over.set()
        thread.join()
