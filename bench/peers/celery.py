"""Celery with two processes, results off, and a long prefetch, as its guide has it for short tasks.

https://docs.celeryq.dev/en/stable/userguide/optimizing.html
"""

from __future__ import annotations

import os
from typing import Any

import celery as package

from bench.contacts_file import contact
from bench.one_row import save

OPTIONS = ["--concurrency", "2", "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "ERROR"]
WORKERS = [["celery", "-A", "bench.peers.celery", "worker", *OPTIONS]]

app = package.Celery("bench", broker=os.environ.get("RQ_REDIS_URL"))
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=128, worker_disable_rate_limits=True)

save_row: Any = app.task(save, name="save")


def send(rows: int) -> None:
    with app.producer_or_acquire() as producer:
        for number in range(1, rows + 1):
            save_row.apply_async((contact(number),), producer=producer)
