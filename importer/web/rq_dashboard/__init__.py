"""rq-dashboard under `/rq`, for admins, with its known holes closed.

The gate (`importer.web.auth`) asks for an admin and for the CSRF token; `templates/rq_dashboard/inline_js.html`
sends that token and has every value escaped. It shows jobs as `importer.queue.shown_jobs` reads them. What is left
is done here.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
from typing import Any

import rq_dashboard
from flask import Flask, request
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.registry import FailedJobRegistry
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.wrappers import Response

from importer.queue.shown_jobs import QUEUE_NAME, ShownJob, ShownQueue, ShownStartedJobs, ShownWorker, requeue_job
from importer.web.errors import answer
from importer.web.extensions import services

SHOWN_ADDRESS = "redis://"
"""Its pages print the address; the real one may hold a password."""

WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
MAX_LISTED = 50
"""Jobs of one page: each is read whole, with the cells of its row."""

LIST_JOBS = rq_dashboard.web.get_queue_registry_jobs_count

INLINE_SCRIPT = re.compile(r'<script type="text/javascript">(.*?)</script>', re.DOTALL)

JOB_GONE = (
    "This job is gone or no longer a failed one: it was worked off, requeued or deleted meanwhile. "
    "One that cannot be read can only be deleted."
)

POLICY = "; ".join(
    (
        "default-src 'self'",
        # Underscore compiles its templates.
        "script-src 'self' 'unsafe-eval' {hashes}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def register(app: Flask) -> None:
    """Mount the dashboard on the application's own Redis pool."""
    dashboard = rq_dashboard.web
    dashboard.Job, dashboard.Queue, dashboard.Worker = ShownJob, ShownQueue, ShownWorker
    dashboard.requeue_job, dashboard.StartedJobRegistry = requeue_job, ShownStartedJobs
    dashboard.get_queue_registry_jobs_count = list_page
    app.config["RQ_DASHBOARD_REDIS_URL"] = (SHOWN_ADDRESS,)
    with app.app_context():
        app.redis_conn = services().redis  # type: ignore[attr-defined]
    # Replaces its own function, which connects to Redis anew for each request.
    dashboard.blueprint.before_request_funcs[None] = [refuse_what_is_unsafe]
    app.register_blueprint(dashboard.blueprint, url_prefix="/rq")
    app.view_functions["rq_dashboard.requeue_all"] = requeue_all
    for gone in (NoSuchJobError, InvalidJobOperation):
        app.register_error_handler(gone, on_gone)
    app.after_request_funcs.setdefault(dashboard.blueprint.name, []).append(restrict_scripts)


def refuse_what_is_unsafe() -> None:
    """Refuse requeueing by GET, other Redis instances, and queue names that its scripts would have to quote.

    A page of more jobs than `MAX_LISTED` gets as many.
    """
    if request.endpoint == "rq_dashboard.requeue_all" and request.method != "POST":
        raise MethodNotAllowed(["POST"])
    wanted = request.view_args or {}
    if wanted.get("instance_number"):
        raise NotFound()
    if wanted.get("queue_name") is not None and not QUEUE_NAME.fullmatch(wanted["queue_name"]):
        raise NotFound()
    if "per_page" in wanted:
        page, per_page = str(wanted["page"]), str(wanted["per_page"])
        if not (WHOLE_NUMBER.fullmatch(page) and WHOLE_NUMBER.fullmatch(per_page)):
            raise NotFound()
        wanted["per_page"] = min(int(per_page), MAX_LISTED)


def list_page(queue_name: str, registry: str, offset: int, per_page: int, *more: Any) -> tuple[int, list[Any]]:
    """How many jobs there are, and those of one page. The dashboard's own function adds those of later pages."""
    total, jobs = LIST_JOBS(queue_name, registry, offset, per_page, *more)
    return total, jobs[:per_page]


def requeue_all(queue_name: str) -> dict[str, object]:
    """Requeue every failed job. The dashboard's own function fails at the first job that has left meanwhile."""
    redis = services().redis
    count = 0
    for job_id in FailedJobRegistry(queue_name, connection=redis).get_job_ids(cleanup=False):
        with contextlib.suppress(NoSuchJobError, InvalidJobOperation):
            requeue_job(job_id, redis)
            count += 1
    return {"status": "OK", "count": count}


def on_gone(error: Exception) -> Response:
    return answer(404, "not_found", JOB_GONE)


def restrict_scripts(response: Response) -> Response:
    """Let only the page's own script run: no script that a value might bring, and no event handler."""
    text = response.get_data(as_text=True) if response.mimetype == "text/html" else ""
    hashes = " ".join(_hash(script) for script in INLINE_SCRIPT.findall(text))
    response.headers["Content-Security-Policy"] = POLICY.format(hashes=hashes)
    return response


def _hash(script: str) -> str:
    """https://www.w3.org/TR/CSP3/#grammardef-hash-source"""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
