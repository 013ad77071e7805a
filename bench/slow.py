"""A record type that takes 10 ms for each row, like one that asks another system."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy.orm import Session

from importer.record_types import Effect, Origin, RecordType
from importer.record_types.contacts import ContactRow

PATH = "bench.slow:SlowContacts"
SECONDS_PER_ROW = 0.01


class SlowContacts(RecordType):
    """Writes nothing."""

    name = "slow_contacts"
    label = "Slow contacts"
    schema = ContactRow

    def save_row(self, session: Session, values: dict[str, Any], origin: Origin, row_number: int) -> Effect:
        time.sleep(SECONDS_PER_ROW)
        return Effect.UNCHANGED
