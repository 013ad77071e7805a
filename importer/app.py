"""The application factory."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from importer import api, cli, transactions, web
from importer.config import Settings
from importer.connections import WEB_TRIES, connect_redis, engine_options
from importer.front.arrival import MAX_FORM_BYTES
from importer.record_types import RecordTypes
from importer.services import Services
from importer.storage.s3 import Storage
from importer.web.extensions import csrf, db, migrate
from importer.web.hosts import trusted_hosts

PACKAGE = Path(__file__).resolve().parent
SESSION_LIFETIME = timedelta(hours=12)
"""Counted from the login; a working day."""


def create_app(settings: Settings | None = None) -> Flask:
    """The web application, with its pages, API and command line.

    Args:
        settings: read from the environment if not given.

    Raises:
        SettingsError: a setting is missing or wrong.
    """
    settings = settings or Settings.from_environment(os.environ)
    app = Flask("importer", template_folder=str(PACKAGE.parent / "templates"))
    app.config.from_mapping(_configuration(settings))
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    db.init_app(app)
    migrate.init_app(app, db, directory=str(PACKAGE / "migrations"))
    with app.app_context():
        transactions.set_up(db.engine, settings.database_schema)
        app.extensions["importer"] = _services(settings)
    web.register(app)
    api.register(app)
    csrf.init_app(app)
    cli.register(app)
    return app


def _configuration(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(
            pool_size=settings.web_pool_size or settings.web_threads + 1, name="importer web"
        ),
        "TRUSTED_HOSTS": trusted_hosts(settings),
        "MAX_CONTENT_LENGTH": MAX_FORM_BYTES,
        "PERMANENT_SESSION_LIFETIME": SESSION_LIFETIME,
        # Otherwise a page that refreshes itself would keep its session alive for ever.
        "SESSION_REFRESH_EACH_REQUEST": False,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.session_cookie_secure,
        # `importer.web.auth` checks the token, once it knows who is asking.
        "WTF_CSRF_CHECK_DEFAULT": False,
        # A token lives as long as its session: an upload page may stay open all day.
        "WTF_CSRF_TIME_LIMIT": None,
    }


def _services(settings: Settings) -> Services:
    return Services(
        settings=settings,
        engine=db.engine,
        redis=connect_redis(settings, tries=WEB_TRIES, socket_timeout=3),
        storage=Storage(settings.s3_bucket),
        record_types=RecordTypes(settings.record_types),
    )
