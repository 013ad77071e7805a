"""How long a thousand small files take, and how soon others are served meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.fairness import import_small
from bench.product import Product
from bench.watching import asking

ROWS = 10
"""Of each file."""

CLIENTS = 4
"""Who upload at once, each one file after the other."""

LOOK_SECONDS = 0.25
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
    token, finished = product.token(), product.count_completed() + files + 1
    began = time.perf_counter()
    look = partial(_seconds_of_the_list, product)
    with asking(look, seconds=LOOK_SECONDS) as lists, _uploading(product, file, token, files) as uploads:
        for upload in uploads[: files // 2]:
            upload.result()
        beside = import_small(product, other)
        for upload in uploads:
            upload.result()
        product.wait_until_completed(finished)
        seconds = time.perf_counter() - began
    return Crowd(seconds, sorted(lists), beside)


def work_off(product: Product, file: Path, files: int) -> float:
    """Seconds until as many imports of a small file are completed that all wait for the dispatcher."""
    token, finished = product.token(), product.count_completed() + files
    with product.held(), _uploading(product, file, token, files) as uploads:
        for upload in uploads:
            upload.result()
    began = time.perf_counter()
    product.wait_until_completed(finished)
    return time.perf_counter() - began


@contextmanager
def _uploading(product: Product, file: Path, token: str, files: int) -> Iterator[list[Future[object]]]:
    with ThreadPoolExecutor(CLIENTS) as clients:
        yield [clients.submit(product.visitor.send, file, "contacts", token) for _ in range(files)]


def _seconds_of_the_list(product: Product) -> float:
    began = time.perf_counter()
    product.visitor.open("/imports")
    return time.perf_counter() - began
