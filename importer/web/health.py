"""Health: for the platform, without logging in and without telling secrets."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask, current_app

from importer.web.extensions import services
from importer.web.watch import Watch

blueprint = Blueprint("health", __name__)

DEPENDENCIES = ("database", "redis", "storage")
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
    """Whether the parts answer, for strangers: it tells neither addresses nor names."""
    found = {finding.part: finding.ok for finding in watch().findings(wait=READY_SECONDS)}
    late = watch().stuck_seconds() >= READY_SECONDS
    parts = {part: "ok" if found.get(part) and not late else "failing" for part in DEPENDENCIES}
    well = all(answer == "ok" for answer in parts.values())
    return {"status": "ready" if well else "not ready", "parts": parts}, 200 if well else 503
