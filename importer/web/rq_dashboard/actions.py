"""What is done with jobs: requeued, deleted, lists emptied, and what is asked before something is lost.

A script is answered as rq-dashboard answers it; a person comes back to the page they were on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import rq_dashboard
from flask import flash, g, jsonify, redirect, render_template, request, url_for
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from werkzeug.wrappers import Response

from importer.control.job_origins import origins_of
from importer.control.requeues import note_requeue, note_requeues
from importer.queue.queues import DEFAULT, HIGH, LOW
from importer.queue.shown_jobs import FAILED, ShownJob, ShownQueue, failed_job, requeue_job
from importer.web.auth import local_path, wants_json
from importer.web.extensions import db, services
from importer.web.formats import number

OURS = frozenset({HIGH, DEFAULT, LOW})

NOTHING_IS_LOST = (
    "No row is lost by it: rows that have not ended are queued again, and failed rows stay on the page of their "
    "import, where they can be corrected and tried again."
)
FOREIGN = "Nothing of an import is in it. This cannot be undone."

LEFT_ALONE = "Left alone: {}. Their rows are discarded or imported, or their import takes no rows any more."


def requeue_job_view(job_id: str) -> Response:
    """Requeue a failed job. Of a failed row it is a retry, which its import's page shows.

    Raises:
        InvalidJobOperation, NoSuchJobError: there is no failed job of this id.
        RefusedTransitionError: its import was cancelled or stopped.
    """
    redis = services().redis
    failed_job(job_id, redis)
    note_requeue(db.session(), g.user, job_id)
    requeue_job(job_id, redis)
    return _done(f"Job {job_id} is queued again.", status="OK")


def requeue_all(queue_name: str) -> Response:
    """Requeue every failed job. The dashboard's own function fails at the first job that has left meanwhile."""
    queue = _queue(queue_name)
    job_ids = queue.page(FAILED, 0, queue.size(FAILED))
    wanted = note_requeues(db.session(), g.user, job_ids)
    count = 0
    for job_id in wanted:
        with contextlib.suppress(NoSuchJobError, InvalidJobOperation):
            requeue_job(job_id, queue.connection)
            count += 1
    words = f"{_jobs(count)} {'is' if count == 1 else 'are'} queued again."
    if len(wanted) < len(job_ids):
        words += f" {LEFT_ALONE.format(_jobs(len(job_ids) - len(wanted)))}"
    return _done(words, status="OK", count=count)


def delete_job_view(job_id: str) -> Response:
    answer, _ = rq_dashboard.web.delete_job_view(job_id)
    is_deleted = answer.get_json()["status"] == "OK"
    words = f"Job {job_id} is deleted." if is_deleted else f"Job {job_id} was gone already."
    return _done(words, **answer.get_json())


def empty_queue(queue_name: str, registry_name: str) -> Response:
    """Delete every job of a list. The dashboard's own function fails at an id that is no text."""
    _queue(queue_name).clear(registry_name)
    return _done(f"The {registry_name} jobs of {queue_name} are deleted.", status="OK")


def compact_queue(queue_name: str) -> Response:
    answer, _ = rq_dashboard.web.compact_queue(queue_name)
    return _done(f"Whatever had no job any more is off the queue {queue_name}.", **answer.get_json())


def ask_to_delete(job_id: str) -> str:
    """Whether a job is to be deleted.

    Raises:
        NoSuchJobError: it is gone.
    """
    job = ShownJob.fetch(job_id, services().redis)
    return render_template(
        "rq_dashboard/deletion.html",
        job_id=job_id,
        origin=origins_of(db.session(), [job_id]).get(job_id),
        loss=_loss(job.origin),
        back=_back(),
    )


def ask_to_empty(queue_name: str, registry_name: str) -> str:
    """Whether all jobs of a list are to be deleted."""
    return render_template(
        "rq_dashboard/emptying.html",
        queue_name=queue_name,
        registry_name=registry_name,
        count=_queue(queue_name).size(registry_name),
        loss=_loss(queue_name),
        back=_back(),
    )


VIEWS: dict[str, Callable[..., Any]] = {
    view.__name__: view for view in (requeue_job_view, requeue_all, delete_job_view, empty_queue, compact_queue)
}
"""What stands in for the dashboard's own views, by their names."""

QUESTIONS: dict[str, Callable[..., str]] = {
    "/job/<job_id>/delete": ask_to_delete,
    "/queue/<queue_name>/<registry_name>/empty": ask_to_empty,
}
"""Pages that ask, at the addresses that a POST does it at."""


def _queue(name: str) -> ShownQueue:
    return ShownQueue(name, connection=services().redis)


def _loss(queue_name: str) -> str:
    return NOTHING_IS_LOST if queue_name in OURS else FOREIGN


def _jobs(count: int) -> str:
    return f"{number(count)} job{'' if count == 1 else 's'}"


def _back() -> str:
    """Where the person came from, or the queues."""
    return local_path(request.values.get("back", "")) or url_for("rq_dashboard.queues_overview")


def _done(words: str, **answer: Any) -> Response:
    if wants_json():
        return jsonify(answer)
    flash(words)
    return redirect(_back(), 303)
