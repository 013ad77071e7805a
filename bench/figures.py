"""What was measured, and how it is printed."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Rate(NamedTuple):
    """How fast rows came into the table; memory in MB, where it was watched."""

    what: str
    rows: int
    rows_a_second: float
    dispatcher_mb: float | None = None
    worker_mb: float | None = None
    redis_mb: float | None = None


class Figure(NamedTuple):
    """One figure beside what it must be and what it should be.

    Attributes:
        is_limit: whether it may be at most so much; otherwise it must be at least so much.
    """

    what: str
    value: float
    unit: str
    bar: float | None = None
    aim: float | None = None
    is_limit: bool = False

    @property
    def verdict(self) -> str:
        """Which of the two it reaches: `aim`, `bar` or `missed`; empty where it has neither."""
        if self.bar is None or self.aim is None:
            return ""
        sign = -1 if self.is_limit else 1
        if sign * self.value >= sign * self.aim:
            return "aim"
        return "bar" if sign * self.value >= sign * self.bar else "missed"


class Answers(NamedTuple):
    """How soon requests of one kind were answered.

    Attributes:
        given_up: how many of them were answered that there are too many rows to look through.
    """

    what: str
    seconds: list[float]
    given_up: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def slowest(self) -> float:
        return max(self.seconds)


def rates_table(rates: Sequence[Rate]) -> str:
    """Rates as a table in Markdown; each is compared with the first."""
    lines = [
        [
            rate.what,
            f"{rate.rows:,}",
            f"{rate.rows_a_second:,.0f}",
            f"{rate.rows_a_second / rates[0].rows_a_second:.4f}",
            *("" if mb is None else f"{mb:.1f}" for mb in rate[3:]),
        ]
        for rate in rates
    ]
    titles = ["", "rows", "rows/s", "of the first line", "dispatcher MB", "worker MB", "Redis MB above idle"]
    return _table(titles, lines)


def figures_table(figures: Sequence[Figure]) -> str:
    """Figures as a table in Markdown."""
    lines = [
        [f.what, f"{_number(f.value)} {f.unit}".strip(), _short(f.bar), _short(f.aim), f.verdict] for f in figures
    ]
    return _table(["", "measured", "bar", "aim", "reached"], lines)


def answers_table(answers: Sequence[Answers]) -> str:
    """How soon requests were answered as a table in Markdown."""
    lines = [
        [a.what, str(len(a.seconds)), f"{a.median:.2f}", f"{a.slowest:.2f}", str(a.given_up)] for a in answers
    ]
    return _table(["", "requests", "median s", "slowest s", "given up"], lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _table(titles: list[str], lines: Iterable[list[str]]) -> str:
    rows = [titles, ["---"] * len(titles), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
