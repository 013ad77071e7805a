"""How far an import is, on a terminal as one line that changes, elsewhere as a line now and then."""

from __future__ import annotations

import time
from typing import Any, TextIO

from importer.statuses import Status

CLEAR_LINE = "\r\033[K"
QUIET_SECONDS = 2.0


class Progress:
    """Shows the state of one import, as the API gives it."""

    def __init__(self, output: TextIO) -> None:
        self.output = output
        self._shown = 0.0

    def show(self, state: dict[str, Any]) -> None:
        if self.output.isatty():
            self.output.write(f"{CLEAR_LINE}{describe(state)}")
        elif time.monotonic() - self._shown > QUIET_SECONDS:
            self.output.write(f"{describe(state)}\n")
            self._shown = time.monotonic()
        self.output.flush()

    def end(self) -> None:
        if self.output.isatty():
            self.output.write(CLEAR_LINE)


def describe(state: dict[str, Any]) -> str:
    total = state["total_rows"]
    ended = state["imported_rows"] + state["failed_rows"]
    rows = f"{ended:,} of {total:,} rows" if total is not None else f"{ended:,} rows"
    return (
        f"{state['status']}: {rows}, {state['failed_rows']:,} failed, {state['rows_per_second'] or 0:,.0f} rows/s"
    )


def summary(state: dict[str, Any], seconds: float) -> str:
    """How an import has ended, in words for people."""
    ended = state["imported_rows"] + state["failed_rows"]
    kinds = ", ".join(
        f"{state[f'{kind}_rows']:,} {kind}" for kind in ("created", "updated", "unchanged", "superseded")
    )
    lines = [
        f"status    {state['status']}",
        f"rows      {state['total_rows']:,}" if state["total_rows"] is not None else "rows      not counted",
        f"imported  {state['imported_rows']:,} ({kinds})",
        f"failed    {state['failed_rows']:,}",
        f"time      {seconds:.1f} s, {ended / max(seconds, 0.001):,.0f} rows/s",
    ]
    return "\n".join(lines)


def adds_up(state: dict[str, Any]) -> bool:
    """The promise: every row of the file is imported or failed."""
    return bool(
        state["status"] == Status.COMPLETED
        and state["total_rows"] == state["imported_rows"] + state["failed_rows"]
    )
