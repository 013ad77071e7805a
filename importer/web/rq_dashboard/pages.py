"""The pages of rq-dashboard: queues, a list of jobs, a job, workers; made of what it answers scripts with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rq_dashboard
from flask import render_template, request

from importer.control.job_origins import origins_of
from importer.queue.queues import DEFAULT, HIGH, LOW
from importer.queue.shown_jobs import FAILED
from importer.web.extensions import db
from importer.web.formats import number, visible
from importer.web.rq_dashboard.lists import COUNTS, JobList

MEANINGS = {
    HIGH: "Files that are read, slice by slice",
    DEFAULT: "Files that are converted, and corrected rows that came back",
    LOW: "Rows that are imported",
}
"""What our queues hold."""

ROLES = {HIGH: "Dispatcher", DEFAULT: "Converter", LOW: "Worker"}
"""What the process is called that takes jobs from a queue of ours."""

SHOWN_TRACEBACK = 10_000
"""Characters of a traceback that are shown, from its end."""

SHOWN_LINE = 2_000
"""Characters of one of its lines, of a result and of metadata."""

UNREADABLE = "unreadable"
TONES = {"failed": "bad", UNREADABLE: "bad", "started": "info", "finished": "good", "canceled": "warn"}
"""Of the badge of a job's status; any other is plain."""


def queues_overview(instance_number: int) -> str:
    queues = _data(rq_dashboard.web.list_queues)["queues"]
    return _page("queues", "Queues", queues=queues, meanings=MEANINGS, counts=COUNTS, list_of=JobList.begun)


def jobs_overview(
    instance_number: int, queue_name: str | None, registry_name: str, per_page: int, order: str, page: int
) -> str:
    """A list of jobs; where the address names no queue, of failed rows."""
    shown = JobList.begun(LOW, FAILED)
    if queue_name is not None:
        shown = JobList(queue_name, registry_name, order, page, per_page)
    found = _data(
        rq_dashboard.web.list_jobs,
        queue_name=shown.queue,
        registry_name=shown.name,
        per_page=shown.per_page,
        order=shown.order,
        page=shown.page,
    )
    return _page(
        "jobs",
        f"{shown.name.capitalize()} jobs of {shown.queue}",
        shown=shown,
        jobs=found["jobs"],
        pages=found["pagination"]["num_pages"],
        origins=origins_of(db.session(), [job["id"] for job in found["jobs"]]),
        queues=_data(rq_dashboard.web.list_queues)["queues"],
        counts=COUNTS,
        list_of=JobList.begun,
        last_line=last_line,
    )


def job_view(instance_number: int, job_id: str) -> str:
    job = _data(rq_dashboard.web.job_info, job_id=job_id)
    status = str(getattr(job["status"], "value", job["status"]))
    return _page(
        "job",
        f"Job {job_id}",
        job=job,
        status=status,
        tone=TONES.get(status, ""),
        origin=origins_of(db.session(), [job_id]).get(job_id),
        traceback=traceback_lines(job["exc_info"] or ""),
        parent=JobList.begun(job["origin"] or LOW, FAILED),
        depends_on=list(zip(job.get("depends_on", ()), job.get("depends_on_status", ()), strict=True)),
        shown_line=SHOWN_LINE,
    )


def workers_overview(instance_number: int) -> str:
    workers = _data(rq_dashboard.web.list_workers)["workers"]
    jobs = [worker["current_job"]["job_id"] for worker in workers if worker["current_job"] != "idle"]
    origins = origins_of(db.session(), jobs)
    return _page("workers", "Workers", workers=workers, origins=origins, meanings=MEANINGS, roles=ROLES)


VIEWS: dict[str, Callable[..., Any]] = {
    view.__name__: view for view in (queues_overview, jobs_overview, job_view, workers_overview)
}
"""What stands in for the dashboard's own views, by their names."""


def last_line(traceback: str) -> str:
    """The line of a traceback that says what went wrong."""
    lines = traceback.strip().splitlines()
    return visible(lines[-1]) if lines else ""


def traceback_lines(traceback: str) -> list[str]:
    """The end of a traceback, in lines that can be seen whole; the first tells what is left out before."""
    hidden = len(traceback) - SHOWN_TRACEBACK
    lines = [visible(line, SHOWN_LINE) for line in traceback[-SHOWN_TRACEBACK:].rstrip().split("\n")]
    if hidden > 0:
        lines.insert(0, f"({number(hidden)} characters before are left out)")
    return lines if traceback.strip() else []


def _data(view: Callable[..., Any], **values: Any) -> dict[str, Any]:
    """What the dashboard answers scripts with, before it becomes JSON."""
    return view.__wrapped__(0, **values)  # type: ignore[attr-defined, no-any-return]


def _page(name: str, title: str, **values: Any) -> str:
    """A page, or for its script the parts of it that change."""
    part = f"rq_dashboard/_{name}.html"
    values.update(
        title=title,
        here=request.path,
        versions=(rq_dashboard.web.rq_version, rq_dashboard.web.rq_dashboard_version),
    )
    if "live" in request.args:
        return render_template(part, **values)
    return render_template("rq_dashboard/page.html", part=part, name=name, **values)
