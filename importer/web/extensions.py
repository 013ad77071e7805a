"""Flask's extensions, and the services of this process, as the pages, the API and the CLI reach them."""

from __future__ import annotations

from typing import cast

from flask import current_app
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect

from importer.models import Base
from importer.services import Services

# Attributes stay readable after a commit. Reading one must not begin a transaction, which would then stay idle
# for as long as an upload takes.
db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})
migrate = Migrate()
csrf = CSRFProtect()


def services() -> Services:
    """What this process was set up with: settings, Redis, storage and record types."""
    return cast(Services, current_app.extensions["importer"])


def read_one_moment() -> None:
    """Let everything that this request reads from here on be of one moment.

    At READ COMMITTED two statements see two moments: a page could say that a row is being tried again and, in
    another place, that nothing will change any more.
    """
    db.session.commit()
    db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
