"""What people and servers do to the product behind its back."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from sqlalchemy import text
from world import World

from importer.queue import scripts

SCRIPTS = {
    "push": "push_rows",
    "push retries": "push_retries",
    "claim": "take_claim",
    "end": "end_claim",
    "give back": "give_back_claim",
    "put back": "put_back_jobs",
}
"""The scripts that move rows in Redis."""

END_SESSIONS = text("""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'importer jobs' AND pid <> pg_backend_pid()
""")
"""Those of dispatchers and workers."""


def call_of(script: str) -> bytes:
    """What a request that runs one of `SCRIPTS` holds: the name by which Redis knows the script."""
    return hashlib.sha1((scripts.FOLDER / f"{SCRIPTS[script]}.lua").read_bytes()).hexdigest().encode()


def end_sessions(world: World) -> None:
    with world.services.engine.begin() as connection:
        connection.execute(END_SESSIONS)


def take_all_connections(hogs: contextlib.ExitStack, database_url: str) -> None:
    """Open connections until the server has no more; `hogs` closes them."""
    with contextlib.suppress(psycopg2.OperationalError):
        while True:
            hogs.enter_context(contextlib.closing(psycopg2.connect(database_url)))


def empty_the_queue(world: World) -> None:
    """And delete the failed jobs, as one can in rq-dashboard."""
    world.low.empty()
    for job_id in world.failed.get_job_ids(cleanup=False):
        with contextlib.suppress(NoSuchJobError):
            world.failed.remove(job_id, delete_job=True)


def requeue_all(world: World) -> None:
    """What the button in rq-dashboard does."""
    for job_id in world.failed.get_job_ids(cleanup=False):
        with contextlib.suppress(NoSuchJobError, InvalidJobOperation):  # somebody else has just done it
            world.failed.requeue(job_id)


def at_once(*acts: Callable[[], Any]) -> None:
    """Each in a thread of its own; what one raises is raised."""
    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(act) for act in acts]:
            done.result()
