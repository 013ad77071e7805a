"""The history of an import: one line for each thing that happened to it."""

from __future__ import annotations

from sqlalchemy import Connection, delete

from importer.models import Event


def delete_events(connection: Connection, sequence: int) -> bool:
    """Delete the history of an import, which is short; say whether there was one."""
    return connection.execute(delete(Event).where(Event.import_sequence == sequence)).rowcount > 0
