"""How long a small file takes beside a big one, and how soon pages answer meanwhile."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from bench.product import Product
from importer.statuses import ENDED

BIG_ROWS, SMALL_ROWS = 2_000_000, 50
SMALL_FILES = 5
REQUESTS = 200
HEAD_START_SECONDS = 2.0
"""How long the big file is imported before the first small one comes."""


@dataclass
class Responsiveness:
    """How the product responds while a big file is imported.

    Attributes:
        seconds: from the upload request of a small file until it is completed, the longest of several.
        answers: seconds that pages and API took to answer, sorted; empty if none was asked.
    """

    seconds: float
    answers: list[float]

    @property
    def p99(self) -> float:
        return self.answers[int(len(self.answers) * 0.99)]


def import_beside(product: Product, big: Path, record_type: str, small: Path, *, ask: bool) -> Responsiveness:
    """Import small files of contacts, one after another, beside a big one of this record type; then cancel that.

    Args:
        ask: look at page and API of the big import, in turn.
    """
    visitor = product.visitor
    running = visitor.upload(big, record_type)
    time.sleep(HEAD_START_SECONDS)
    answers = sorted(_answer(product, running["id"], number) for number in range(REQUESTS)) if ask else []
    seconds = max(_at_another_moment(product, small, number) for number in range(SMALL_FILES))
    assert visitor.import_state(running["id"])["status"] not in ENDED, "the big file was too small"
    visitor.cancel(running["id"])
    while visitor.import_state(running["id"])["status"] not in ENDED:
        time.sleep(0.1)
    return Responsiveness(seconds, answers)


def _at_another_moment(product: Product, small: Path, number: int) -> float:
    """Of the big file's turn."""
    time.sleep(number / SMALL_FILES)
    return import_small(product, small)


def import_small(product: Product, small: Path) -> float:
    """Seconds from the upload request of a file of contacts until it is completed."""
    began = time.perf_counter()
    state = product.visitor.upload(small, "contacts")
    while state["status"] not in ENDED:
        time.sleep(0.05)
        state = product.visitor.import_state(state["id"])
    return time.perf_counter() - began


def _answer(product: Product, import_id: str, number: int) -> float:
    began = time.perf_counter()
    product.visitor.open(f"/imports/{import_id}" if number % 2 else f"/api/imports/{import_id}")
    return time.perf_counter() - began
