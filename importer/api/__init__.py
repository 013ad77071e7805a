"""The JSON API: what the pages can do, for scripts."""

from __future__ import annotations

from flask import Flask

from importer.api import exports, failed_rows, imports, layouts, records, repairs


def register(app: Flask) -> None:
    """Add every route of the API; `importer.web.auth` guards these as well."""
    for module in (imports, failed_rows, exports, layouts, repairs, records):
        app.register_blueprint(module.blueprint)
