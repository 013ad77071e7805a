"""rq-dashboard under `/rq`, for admins: its routes and what it says of jobs, on pages of our own.

The gate (`importer.web.auth`) asks for an admin and for the CSRF token. Its own pages are made by scripts, which
print values unescaped and are compiled in the browser. Ours need no script: `pages` makes them of the data that it
answers scripts with. `lists` has the lists of jobs, `actions` what is done with them. Jobs are shown as
`importer.queue.shown_jobs` reads them.
"""

from __future__ import annotations

import rq_dashboard
from flask import Flask, request
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.wrappers import Response

from importer.queue.shown_jobs import QUEUE_NAME, ShownJob, ShownQueue, ShownStartedJobs, ShownWorker, requeue_job
from importer.web.errors import answer
from importer.web.extensions import services
from importer.web.rq_dashboard import actions, pages
from importer.web.rq_dashboard.lists import MAX_LISTED, NAMES, ORDERS, WHOLE_NUMBER, list_page

NOT_SERVED = frozenset({"rq_dashboard.static", "rq_dashboard.favicon"})
"""Its scripts and styles."""

JOB_GONE = (
    "This job is gone or no longer a failed one: it was worked off, requeued or deleted meanwhile. "
    "One that cannot be read can only be deleted."
)


def register(app: Flask) -> None:
    """Mount the dashboard on the application's own Redis pool."""
    dashboard = rq_dashboard.web
    dashboard.Job, dashboard.Queue, dashboard.Worker = ShownJob, ShownQueue, ShownWorker
    dashboard.requeue_job, dashboard.StartedJobRegistry = requeue_job, ShownStartedJobs
    dashboard.get_queue_registry_jobs_count = list_page
    with app.app_context():
        app.redis_conn = services().redis  # type: ignore[attr-defined]
    # Replaces its own function, which connects to Redis anew for each request.
    dashboard.blueprint.before_request_funcs[None] = [refuse_what_is_unsafe]
    app.register_blueprint(dashboard.blueprint, url_prefix="/rq")
    for name, view in {**pages.VIEWS, **actions.VIEWS}.items():
        app.view_functions[f"rq_dashboard.{name}"] = view
    for rule, question in actions.QUESTIONS.items():
        app.add_url_rule(f"/rq{rule}", f"rq_dashboard.{question.__name__}", question)
    for gone in (NoSuchJobError, InvalidJobOperation):
        app.register_error_handler(gone, on_gone)


def refuse_what_is_unsafe() -> None:
    """Refuse requeueing by GET, its scripts and styles, other Redis instances, and lists that there are not.

    A page of more jobs than `MAX_LISTED` gets as many.
    """
    if request.endpoint == "rq_dashboard.requeue_all" and request.method != "POST":
        raise MethodNotAllowed(["POST"])
    wanted = request.view_args or {}
    if request.endpoint in NOT_SERVED or wanted.get("instance_number"):
        raise NotFound()
    if wanted.get("queue_name") is not None and not QUEUE_NAME.fullmatch(wanted["queue_name"]):
        raise NotFound()
    if wanted.get("registry_name", NAMES[0]) not in NAMES or wanted.get("order", ORDERS[0]) not in ORDERS:
        raise NotFound()
    if "per_page" in wanted:
        page, per_page = str(wanted["page"]), str(wanted["per_page"])
        if not (WHOLE_NUMBER.fullmatch(page) and WHOLE_NUMBER.fullmatch(per_page)):
            raise NotFound()
        wanted["per_page"] = min(int(per_page), MAX_LISTED)


def on_gone(error: Exception) -> Response:
    return answer(404, "not_found", JOB_GONE)
