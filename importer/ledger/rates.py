"""How fast an import went, as it ran: its counters, noted now and then.

Recovery notes those of all running imports by one statement in each of its passes, so nothing is added to the way
of a row. A point is known by the time for which the import had run, in steps of a distance that doubles as that
time grows: two processes that note at once note the same point, and an import has at most `MOST_POINTS`.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, Engine, delete, select, text
from sqlalchemy.orm import Session

from importer.models import Import, RatePoint
from importer.statuses import AT_WORK

MOST_POINTS = 240
SHORTEST_DISTANCE = 2
"""Seconds between two points of an import that has not run for long: recovery looks no more often."""

SAMPLE = text("""
WITH running AS (
    SELECT sequence, seconds_running, failed_rows,
        created_rows + updated_rows + unchanged_rows + superseded_rows AS imported_rows,
        CAST(GREATEST(1, seconds_running / (:shortest * :most)) AS numeric) AS times
    FROM imports
    WHERE cleaned_at IS NULL AND deleted_at IS NULL AND status = ANY(:at_work) AND seconds_running >= :shortest
), placed AS (
    SELECT *, :shortest * CAST(2 ^ ceil(log(2, times)) AS int) AS distance FROM running
), noted AS (
    INSERT INTO rate_points (import_sequence, mark, seconds, imported_rows, failed_rows)
    SELECT sequence, distance * CAST(floor(seconds_running / distance) AS int), seconds_running, imported_rows,
        failed_rows
    FROM placed
    ON CONFLICT DO NOTHING
)
DELETE FROM rate_points USING placed
WHERE import_sequence = placed.sequence AND distance > :shortest AND mark % distance <> 0
""")


class Point(NamedTuple):
    """Counters of an import when it had run for so many seconds."""

    seconds: float
    imported: int
    failed: int


def sample(engine: Engine) -> None:
    """Note the counters of all running imports, each once in its distance."""
    parameters = {"shortest": SHORTEST_DISTANCE, "most": MOST_POINTS, "at_work": list(AT_WORK)}
    with engine.begin() as connection:
        connection.execute(SAMPLE, parameters)


def points_of(session: Session, import_: Import) -> list[Point]:
    """What was noted of an import, in order."""
    wanted = select(RatePoint.seconds, RatePoint.imported_rows, RatePoint.failed_rows)
    found = session.execute(
        wanted.where(RatePoint.import_sequence == import_.sequence).order_by(RatePoint.mark).limit(2 * MOST_POINTS)
    )
    return [Point(*row) for row in found]


def delete_points(connection: Connection, sequence: int) -> bool:
    """Delete what was noted of an import; say whether anything was."""
    return connection.execute(delete(RatePoint).where(RatePoint.import_sequence == sequence)).rowcount > 0
