"""Dramatiq with two processes of the eight threads that it has by default."""

from __future__ import annotations

import os

import dramatiq as package
from dramatiq.brokers.redis import RedisBroker

from bench.contacts_file import contact
from bench.one_row import save

WORKERS = [["dramatiq", "bench.peers.dramatiq", "--processes", "2"]]

package.set_broker(RedisBroker(url=os.environ.get("RQ_REDIS_URL", "redis://")))

save_row = package.actor(save)


def send(rows: int) -> None:
    for number in range(1, rows + 1):
        save_row.send(contact(number))
