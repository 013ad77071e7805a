"""How many rows of each repair still fail, counted no more often than it costs.

Half a million failed rows take a second to count, and the page of a running import asks each second.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from importer.ledger.repairs import count_failing
from importer.models import Import, Repair

CHEAP_SECONDS = 0.1
"""A count that takes no longer is made each time."""

SHARE = 20
"""Of others so much of the time passes before the next one: 20 times as long as it took."""

MAX_REMEMBERED = 200

Counts = dict[int, tuple[int, int]]


class Counted(NamedTuple):
    """A count that was made.

    Attributes:
        state: of the import and its repairs at that time.
        until: it holds for so long at least, by the clock of this process.
    """

    counts: Counts
    state: tuple[int, ...]
    until: float

    def holds(self, state: tuple[int, ...]) -> bool:
        """Whether it may still be told."""
        is_moving = state != self.state or any(retrying for _, retrying in self.counts.values())
        return time.monotonic() < self.until or not is_moving


_counted: OrderedDict[str, Counted] = OrderedDict()


def failing_of(session: Session, import_: Import, repairs: Sequence[Repair]) -> Counts:
    """By repair: of the rows that it changed, how many still fail, and how many are being tried."""
    ids = [repair.id for repair in repairs if repair.changed_rows]
    if not ids or not import_.failed_rows:
        return {}
    state = (import_.failed_rows, *ids, *(repair.changed_rows for repair in repairs))
    known = _counted.get(import_.id)
    if known is not None and known.holds(state):
        return known.counts
    began = time.monotonic()
    counts = count_failing(session, import_.sequence, ids)
    _remember(import_.id, Counted(counts, state, time.monotonic()), time.monotonic() - began)
    return counts


def _remember(import_id: str, counted: Counted, seconds: float) -> None:
    _counted.pop(import_id, None)
    if seconds > CHEAP_SECONDS:
        _counted[import_id] = counted._replace(until=counted.until + SHARE * seconds)
        while len(_counted) > MAX_REMEMBERED:
            _counted.popitem(last=False)
