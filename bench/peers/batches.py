"""celery-batches: a task is given up to 1,000 jobs at once, and saves them in one statement."""

from __future__ import annotations

import os
from typing import Any

import celery as package
from celery_batches import Batches

from bench.contacts_file import contact
from bench.one_row import save_many
from bench.peers.celery import OPTIONS

WORKERS = [["celery", "-A", "bench.peers.batches", "worker", *OPTIONS]]

app = package.Celery("bench", broker=os.environ.get("RQ_REDIS_URL"))
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=1000, worker_disable_rate_limits=True)


@app.task(name="save_many", base=Batches, flush_every=1000, flush_interval=1)  # type: ignore[untyped-decorator]
def save_batch(requests: list[Any]) -> None:
    save_many([request.args[0] for request in requests])


def send(rows: int) -> None:
    with app.producer_or_acquire() as producer:
        for number in range(1, rows + 1):
            save_batch.apply_async((contact(number),), producer=producer)
