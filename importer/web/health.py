"""Health: for the platform, without logging in and without telling secrets."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask, current_app

from importer.health.checks import SERVERS
from importer.web.extensions import services
from importer.web.watch import Watch

blueprint = Blueprint("health", __name__)

READY_SECONDS = 5.0
"""A part that has not answered for this long counts as away."""


def register(app: Flask) -> None:
    with app.app_context():
        app.extensions["importer_watch"] = Watch(services())


def watch() -> Watch:
    """What keeps an eye on the parts that this process needs."""
    return cast(Watch, current_app.extensions["importer_watch"])


@blueprint.get("/healthz")
def alive() -> dict[str, str]:
    """Whether this process serves requests at all; a platform restarts one that does not."""
    return {"status": "alive"}


@blueprint.get("/readyz")
def ready() -> tuple[dict[str, object], int]:
    """Whether the servers are as they must be, for strangers: it tells neither addresses nor names."""
    found = [finding for finding in watch().findings(wait=READY_SECONDS) if not finding.ok]
    is_late = not watch().has_looked or watch().stuck_seconds() >= READY_SECONDS
    failing = SERVERS if is_late else {finding.part for finding in found}
    parts = {part: "failing" if part in failing else "ok" for part in SERVERS}
    wrong = [finding.for_strangers for finding in found if finding.part in SERVERS]
    is_ready = "failing" not in parts.values()
    answer: dict[str, object] = {"status": "ready" if is_ready else "not ready", "parts": parts, "wrong": wrong}
    return answer, 200 if is_ready else 503
