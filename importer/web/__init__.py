"""The pages: one module for each noun, all of them closed to strangers by `importer.web.auth`."""

from __future__ import annotations

from flask import Flask

from importer.web import (
    accounts,
    answers,
    auth,
    cancellations,
    corrections,
    deletions,
    errors,
    exports,
    first_looks,
    formats,
    headers,
    health,
    histories,
    hosts,
    imports,
    live_views,
    passwords,
    pauses,
    people,
    record_types,
    records,
    repairs,
    retries,
    rq_dashboard,
    sessions,
    tokens,
    uploads,
)

PAGES = (
    sessions,
    passwords,
    accounts,
    tokens,
    people,
    imports,
    answers,
    record_types,
    records,
    first_looks,
    uploads,
    pauses,
    cancellations,
    deletions,
    retries,
    histories,
    corrections,
    exports,
    repairs,
    health,
)


def register(app: Flask) -> None:
    """Add every route to the application, and what runs before and after each of them."""
    hosts.register(app)
    auth.register(app)
    headers.register(app)
    formats.register(app)
    errors.register(app)
    health.register(app)
    imports.register(app)
    live_views.register(app)
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    rq_dashboard.register(app)
