"""The lists of jobs that a queue has: itself and its registries, each in pages."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import rq_dashboard
from flask import url_for
from redis import Redis

from importer.queue.shown_jobs import QUEUED, REGISTRIES, ShownQueue

NAMES = (QUEUED, *REGISTRIES)
"""Of the lists, as the addresses have them."""

COUNTS = {name: "count" if name == QUEUED else f"{name}_job_registry_count" for name in NAMES}
"""What the dashboard calls the number of jobs of each, in what it says of a queue."""

FORWARD, BACKWARD = "asc", "dsc"
ORDERS = (FORWARD, BACKWARD)

WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
MAX_LISTED = 50
"""Jobs of one page: each is read whole, with the cells of its row."""


class JobList(NamedTuple):
    """Which page of which list is shown, and how.

    Attributes:
        name: one of `NAMES`.
        order: `asc` from the first on, `dsc` from the last.
    """

    queue: str
    name: str
    order: str
    page: int = 1
    per_page: int = MAX_LISTED

    @classmethod
    def begun(cls, queue: str, name: str) -> JobList:
        """A list from where one wants to see it: what is next in a queue, else what came last."""
        return cls(queue, name, FORWARD if name == QUEUED else BACKWARD)

    @property
    def url(self) -> str:
        return url_for(
            "rq_dashboard.jobs_overview",
            instance_number=0,
            queue_name=self.queue,
            registry_name=self.name,
            per_page=self.per_page,
            order=self.order,
            page=self.page,
        )

    @property
    def turned(self) -> JobList:
        """The same from the other end."""
        return self._replace(order=FORWARD if self.order == BACKWARD else BACKWARD, page=1)


def list_page(
    queue_name: str, registry: str, offset: int, per_page: int, order: str, connection: Redis
) -> tuple[int, list[dict[str, Any]]]:
    """How many jobs a list has, and those of one page.

    The dashboard's own function reads those of all pages before it as well.
    """
    queue = ShownQueue(queue_name, connection=connection)
    total = queue.size(registry)
    if order == FORWARD:
        ids = queue.page(registry, offset, offset + per_page)
    else:
        ids = queue.page(registry, max(total - offset - per_page, 0), total - offset)[::-1]
    jobs = [job for job_id in ids if (job := queue.fetch_job(job_id))]
    return total, [rq_dashboard.web.serialize_job(job) for job in jobs]
