"""RQ's SimpleWorker, which runs its jobs in its own process."""

from __future__ import annotations

import os

from redis import Redis
from rq import Queue

from bench.contacts_file import contact

JOBS_PER_CALL = 500
WORKERS = [["rq", "worker", "--worker-class", "rq.SimpleWorker", "--quiet", "bench"]] * 2


def send(rows: int) -> None:
    queue = Queue("bench", connection=Redis.from_url(os.environ["RQ_REDIS_URL"]))
    for first in range(1, rows + 1, JOBS_PER_CALL):
        numbers = range(first, min(first + JOBS_PER_CALL, rows + 1))
        queue.enqueue_many(
            [Queue.prepare_data("bench.one_row.save", (contact(number),), result_ttl=0) for number in numbers]
        )
