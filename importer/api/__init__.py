"""The JSON API: what the pages can do, for scripts."""

from __future__ import annotations

from flask import Flask

from importer.api import imports, layouts


def register(app: Flask) -> None:
    """Add every route of the API; `importer.web.auth` guards these as well."""
    for module in (imports, layouts):
        app.register_blueprint(module.blueprint)
