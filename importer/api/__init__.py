"""The JSON API: what the pages can do, for scripts."""

from __future__ import annotations

from flask import Flask

from importer.api import exports, imports


def register(app: Flask) -> None:
    """Add every route of the API; `importer.web.auth` guards these as well."""
    app.register_blueprint(imports.blueprint)
    app.register_blueprint(exports.blueprint)
