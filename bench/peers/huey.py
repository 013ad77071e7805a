"""Huey with two worker processes, which its guide has for work that needs the CPU, and results off."""

from __future__ import annotations

import os

import huey as package

from bench.contacts_file import contact
from bench.one_row import save

WORKERS = [["huey_consumer", "bench.peers.huey.huey", "--workers", "2", "--worker-type", "process", "--quiet"]]

huey = package.RedisHuey("bench", results=False, url=os.environ.get("RQ_REDIS_URL"))

save_row = huey.task()(save)


def send(rows: int) -> None:
    for number in range(1, rows + 1):
        save_row(contact(number))
