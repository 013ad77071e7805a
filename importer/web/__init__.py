"""The pages: one module for each noun, all of them closed to strangers by `importer.web.auth`."""

from __future__ import annotations

from flask import Flask

from importer.web import (
    accounts,
    answers,
    auth,
    cancellations,
    errors,
    first_looks,
    formats,
    headers,
    health,
    hosts,
    imports,
    passwords,
    pauses,
    people,
    record_types,
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
    first_looks,
    uploads,
    pauses,
    cancellations,
    retries,
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
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    rq_dashboard.register(app)
