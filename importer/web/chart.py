"""The chart of an import's page: rows per second, imported and failed, as areas one above the other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from importer.control.speeds import Speed

WIDTH, HEIGHT = 1000, 160
"""Units of the drawing; it is stretched to the width of the page."""

SHORTEST_SECONDS = 5
"""An import that has run for less has no chart."""

FEWEST_PARTS = 2
STEPS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
"""The highest value of the axis is one of these, times a power of ten."""

TABLE_LINES = 12


class Chart(NamedTuple):
    """A drawn chart, and the same in figures.

    Attributes:
        imported, failed: SVG paths of the areas; of failed rows None where none failed.
        top: rows per second at the upper end of the axis.
        seconds: at its right end.
        average, fastest: rows per second.
        parts: the figures, at most 12 lines.
    """

    imported: str
    failed: str | None
    top: float
    seconds: float
    average: float
    fastest: float
    parts: Sequence[Speed]


def drawn(speeds: Sequence[Speed]) -> Chart | None:
    """The chart of these speeds; None where there is little to see."""
    if len(speeds) < FEWEST_PARTS or speeds[-1].end < SHORTEST_SECONDS:
        return None
    fastest = max(speed.imported + speed.failed for speed in speeds)
    seconds, top = speeds[-1].end, _top(fastest)
    ends = [speed.end / seconds * WIDTH for speed in speeds]
    imported = [_height(speed.imported, top) for speed in speeds]
    both = [_height(speed.imported + speed.failed, top) for speed in speeds]
    return Chart(
        imported=_area(ends, imported, [HEIGHT] * len(ends)),
        failed=_area(ends, both, imported) if any(speed.failed for speed in speeds) else None,
        top=top,
        seconds=seconds,
        average=_average(speeds, 0, seconds).imported + _average(speeds, 0, seconds).failed,
        fastest=fastest,
        parts=list(_parts(speeds)),
    )


def _top(fastest: float) -> float:
    power = 10.0 ** math.floor(math.log10(max(fastest, 1)))
    return next(step * power for step in STEPS if step * power >= fastest)


def _height(value: float, top: float) -> float:
    return HEIGHT - value / top * HEIGHT


def _area(ends: Sequence[float], upper: Sequence[float], lower: Sequence[float]) -> str:
    """A path along the upper edge and back along the lower one, in steps: a speed is that of its whole part."""
    there = "".join(f"V{y:.1f}H{x:.1f}" for x, y in zip(ends, upper, strict=True))
    begins = [0.0, *ends[:-1]]
    back = "".join(f"V{y:.1f}H{x:.1f}" for x, y in zip(reversed(begins), reversed(lower), strict=True))
    return f"M0,{lower[0]:.1f}{there}{back}Z"


def _parts(speeds: Sequence[Speed]) -> Iterator[Speed]:
    """A few lines of a table: speeds that follow each other are put together."""
    size = math.ceil(len(speeds) / TABLE_LINES)
    for place in range(0, len(speeds), size):
        some = speeds[place : place + size]
        yield _average(some, some[0].begin, some[-1].end)


def _average(speeds: Sequence[Speed], begin: float, end: float) -> Speed:
    imported = sum(speed.imported * (speed.end - speed.begin) for speed in speeds)
    failed = sum(speed.failed * (speed.end - speed.begin) for speed in speeds)
    return Speed(begin, end, imported / (end - begin), failed / (end - begin))
