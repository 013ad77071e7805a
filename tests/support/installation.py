"""The product as it is deployed, web process and all, on given servers, and somebody who uses all of it."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from waiting import wait_until

from embedded import processes
from embedded.application import Application
from embedded.processes import EmbeddedError
from embedded.visitor import Visitor

CHECKOUT = Path(__file__).parents[2]
EMAIL, PASSWORD = "ann@example.com", "a long password"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


BROKEN_SLICE = """
from importer.queue.queues import HIGH, SLICE_FUNCTION, queue_named
from jobs.process import services
high = queue_named(HIGH, services().redis)
high.enqueue(SLICE_FUNCTION, args=("too few",), job_id="nothing-broken", failure_ttl=600)
"""


class Installation:
    """Web, dispatcher and workers from the Procfile, and one admin at a browser."""

    def __init__(self, folder: Path, settings: Mapping[str, str], **numbers: int) -> None:
        self.folder = folder
        self.log = folder / "processes.log"
        settings = {"MAX_QUEUED_ROWS": "200", **settings, "SECRET_KEY": secrets.token_hex(32)}
        wanted = {"web": 1, "dispatcher": 1, "converter": 1, "worker": 1, **numbers}
        self.application = Application(CHECKOUT, self.log, settings, {n: c for n, c in wanted.items() if c})
        self.visitor = Visitor(self.application.base_url)

    @classmethod
    @contextlib.contextmanager
    def running(cls, settings: Mapping[str, str], **numbers: int) -> Iterator[Installation]:
        """An installation that has its tables and its admin, who is logged in."""
        with tempfile.TemporaryDirectory() as folder:
            installation = cls(Path(folder), settings, **numbers)
            installation.flask("db", "upgrade")
            installation.flask("users", "create", EMAIL, "--role", "admin", "--password-stdin", typed=PASSWORD)
            try:
                installation.application.start()
                installation.log_in(PASSWORD)
                yield installation
            finally:
                installation.application.stop()

    def flask(self, *arguments: str, typed: str = "") -> str:
        return self.application.flask(*arguments, typed=typed)

    def log_in(self, password: str) -> None:
        """Try to log in."""
        form = self.visitor.open("/login")
        token = re.search(r'name="csrf_token" value="([^"]+)"', form)
        assert token, form
        self.post("/login", token[1], email=EMAIL, password=password)

    def post(self, path: str, token: str | None = None, **fields: str) -> str:
        token = token or self.visitor._csrf_token("/imports/new")
        body = urllib.parse.urlencode(fields).encode()
        return self.visitor.open(path, body=body, headers={**FORM, "X-CSRFToken": token})

    def refuses(self, path: str, **fields: str) -> bool:
        try:
            self.post(path, **fields)
        except EmbeddedError:
            return True
        return False

    def upload(self, csv: str, record_type: str = "contacts") -> str:
        """Upload a file; return the import's id."""
        file = self.folder / "file.csv"
        file.write_text(csv)
        return str(self.visitor.upload(file, record_type)["id"])

    def state(self, import_id: str) -> dict[str, Any]:
        return self.visitor.import_state(import_id)

    def wait_for(self, import_id: str, status: str, seconds: float = 60) -> dict[str, Any]:
        wait_until(lambda: self.state(import_id)["status"] == status, f"it is {status}", seconds=seconds)
        return self.state(import_id)

    def json(self, path: str) -> Any:
        return json.loads(self.visitor.open(path))

    def failed_jobs(self) -> list[str]:
        """Ids of the failed row jobs that rq-dashboard shows."""
        return [job["id"] for job in self.json("/rq/0/data/jobs/low/failed/100/asc/1.json")["jobs"]]

    def do_everything(self) -> None:
        """Import a file with failed rows, and use each page, verb and command that asks Redis."""
        assert self.refuses("/login", email=EMAIL, password="not this one")
        import_id = self.upload(contacts(300, bad=5))
        assert self.wait_for(import_id, "completed")["failed_rows"] == 5
        self.look_around(import_id)
        self.retry(import_id)
        self.end_imports()
        self.break_a_slice()
        self.flask("imports", "doctor")
        time.sleep(3)  # recovery and reports have had their turn, after which there is nothing new

    def look_around(self, import_id: str) -> None:
        for page in ("/imports", f"/imports/{import_id}/live", "/readyz", "/rq/", "/rq/0/data/queues.json"):
            self.visitor.open(page)
        self.json("/rq/0/data/workers.json")
        for registry in ("queued", "started", "finished", "failed", "deferred", "scheduled", "canceled"):
            for queue in ("high", "low"):
                self.json(f"/rq/0/data/jobs/{queue}/{registry}/8/asc/1.json")

    def retry(self, import_id: str) -> None:
        """Retry one row on the page and one in rq-dashboard, then all; delete one there, empty the rest."""
        wait_until(lambda: len(self.failed_jobs()) == 5, "rq-dashboard lists the failed rows")
        first, second, third = self.failed_jobs()[:3]
        self.json(f"/rq/0/data/job/{first}.json")
        self.post(f"/imports/{import_id}/retry", row_number=first.partition("_")[2])
        self.post(f"/rq/job/{second}/requeue")
        self.settle(import_id)
        self.post(f"/imports/{import_id}/retry")
        self.settle(import_id)
        self.post("/rq/requeue/low")
        self.settle(import_id)
        self.post(f"/rq/job/{third}/delete")
        self.post("/rq/queue/low/failed/empty")
        self.post("/rq/queue/low/queued/empty")

    def settle(self, import_id: str) -> None:
        """Wait until no row is being tried again."""
        wait_until(lambda: self.json("/rq/0/data/queues.json")["queues"] and self._is_quiet(), "nothing is queued")

    def _is_quiet(self) -> bool:
        queues = self.json("/rq/0/data/queues.json")["queues"]
        return not any(queue["count"] + queue["started_job_registry_count"] for queue in queues)

    def break_a_slice(self) -> None:
        """A slice whose arguments nobody can use: it fails, and is listed."""
        processes.run(
            "slice",
            [sys.executable, "-c", BROKEN_SLICE],
            environment=self.application.environment,
            folder=CHECKOUT,
        )
        failed = "/rq/0/data/jobs/high/failed/8/asc/1.json"
        wait_until(lambda: self.json(failed)["jobs"], "the broken slice is listed")

    def end_imports(self) -> None:
        """Pause, resume, cancel and delete one that is long enough for it."""
        import_id = self.upload(contacts(30_000))
        self.post(f"/imports/{import_id}/pause")
        self.wait_for(import_id, "paused")
        self.post(f"/imports/{import_id}/resume")
        if not self.refuses(f"/imports/{import_id}/cancel"):
            self.wait_for(import_id, "cancelled")
        self.post(f"/imports/{import_id}/delete")


def contacts(rows: int, *, bad: int = 0) -> str:
    """A file of contacts, the last ones without a valid address."""
    good = "".join(f"person{number}@example.com,name {number}\n" for number in range(rows - bad))
    return "email,name\n" + good + "".join(f"nobody,name {number}\n" for number in range(bad))
